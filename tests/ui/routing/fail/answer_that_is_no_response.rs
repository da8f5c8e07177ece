use os_session::routing::{Router, get};
use os_session::connected;

struct Home;

#[connected]
async fn home() -> Home {
    Home
}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
