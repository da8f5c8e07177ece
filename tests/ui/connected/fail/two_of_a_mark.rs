use os_session::connected;

#[connected(allow = "admin" || "staff", deny = "banned" && "guest")]
async fn home() {}

fn main() {}
