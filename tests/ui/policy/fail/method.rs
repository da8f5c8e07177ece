use os_session::policy;

struct Site;

impl Site {
    #[policy]
    async fn is_open(&self) -> bool {
        true
    }
}

fn main() {}
