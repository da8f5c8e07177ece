use os_session::routing::{Router, get};

async fn home() {}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
