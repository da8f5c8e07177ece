use os_session::on_open_session;

struct Site;

impl Site {
    #[on_open_session]
    async fn greet() {}
}

fn main() {}
