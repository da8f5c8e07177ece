use os_session::routing::{Router, get};
use os_session::connected;

#[connected]
async fn home(_: u8) {}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
