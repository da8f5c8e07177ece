use os_session::routing::{Router, get};
use os_session::{User, connected};

#[derive(Clone)]
struct Account;

#[connected]
async fn home(_: User<Account>) {}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
