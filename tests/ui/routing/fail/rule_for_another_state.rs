use os_session::routing::{Router, get};
use os_session::connected;

#[derive(Clone)]
struct App;

async fn sorry() {}

#[connected(allow = "admin", deny_fun = sorry, state = App)]
async fn home() {}

fn main() {
    let _: Router<()> = Router::new().route("/", get(home));
}
