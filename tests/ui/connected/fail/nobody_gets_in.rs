use os_session::connected;

#[connected(allow = "admin" & !"admin")]
async fn a() {}

#[connected(allow = "admin" & "staff", deny = "staff")]
async fn b() {}

#[connected(deny = "admin" | !"admin")]
async fn c() {}

fn main() {}
