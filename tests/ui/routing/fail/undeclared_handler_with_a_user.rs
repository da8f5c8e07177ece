use os_session::routing::{Router, get};
use os_session::UserId;

async fn home(_: UserId) {}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
