use os_session::routing::Router;

fn main() {
    let _: Router = Router::new().merge(axum::Router::new());
}
