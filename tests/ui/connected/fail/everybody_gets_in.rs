use os_session::connected;

#[connected(allow = "admin" | !"admin")]
async fn a() {}

#[connected(allow = "staff" & !"guest", deny = ["banned", "guest"])]
async fn b() {}

fn main() {}
