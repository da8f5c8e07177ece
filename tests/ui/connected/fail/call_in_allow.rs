use os_session::connected;

#[connected(allow = Group::named("admin"))]
async fn home() {}

fn main() {}
