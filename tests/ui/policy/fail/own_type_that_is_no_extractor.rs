use os_session::routing::{Router, get};
use os_session::{UserId, connected, policy};

struct Age(u8);

#[policy]
async fn is_old(_user: UserId, age: Age) -> bool {
    age.0 > 17
}

#[connected(allow = is_old)]
async fn home() {}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
