use os_session::routing::{Router, get};
use os_session::connected;

#[connected]
async fn home() {}

async fn change() {}

fn main() {
    let _: Router = Router::new().route("/", get(home).post(change));
}
