use os_session::connected;

trait Site {
    #[connected(allow = "admin")]
    async fn home() {}
}

fn main() {}
