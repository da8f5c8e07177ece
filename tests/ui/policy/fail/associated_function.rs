use os_session::policy;

struct Site;

impl Site {
    #[policy]
    async fn is_open() -> bool {
        true
    }
}

fn main() {}
