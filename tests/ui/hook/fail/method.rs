use os_session::{UserId, on_open_session};

struct Site;

impl Site {
    #[on_open_session]
    async fn greet(&self, _: UserId) {}
}

fn main() {}
