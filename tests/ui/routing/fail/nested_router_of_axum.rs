use os_session::routing::Router;

fn main() {
    let _: Router = Router::new().nest("/api", axum::Router::new());
}
