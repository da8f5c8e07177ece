use os_session::connected;

struct Site;

impl Site {
    #[connected]
    async fn home() {}
}

fn main() {}
