use os_session::connected_wrapper;

#[connected_wrapper(allow = "editor")]
async fn rename() {}

fn main() {}
