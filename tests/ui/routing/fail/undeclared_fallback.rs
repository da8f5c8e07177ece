use os_session::routing::Router;

async fn home() {}

fn main() {
    let _: Router = Router::new().fallback(home);
}
