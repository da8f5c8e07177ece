use os_session::routing::{Router, get};

fn main() {
    let _: Router = Router::new().route("/", get(async || "home"));
}
