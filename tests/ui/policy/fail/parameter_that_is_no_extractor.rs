use os_session::routing::{Router, get};
use os_session::{connected, policy};

#[policy]
async fn is_old(age: u8) -> bool {
    age > 17
}

#[connected(allow = is_old)]
async fn home() {}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
