use os_session::policy;

#[policy]
async fn has<T: Default>(_: axum::extract::State<T>) -> bool {
    true
}

fn main() {}
