use os_session::public;

struct Site;

impl Site {
    #[public(reason = "the shop window")]
    async fn home() {}
}

fn main() {}
