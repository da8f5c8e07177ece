use os_session::routing::{Router, get};
use os_session::connected;

#[connected]
async fn home() {
    let counter = std::rc::Rc::new(1);
    std::future::ready(()).await;
    drop(counter);
}

fn main() {
    let _: Router = Router::new().route("/", get(home));
}
