use os_session::connected;

trait Site {
    #[connected]
    async fn home();
}

fn main() {}
