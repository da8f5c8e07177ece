use os_session::connected;

fn sorry() -> &'static str {
    "sorry"
}

#[connected(allow = "admin", deny_fun = sorry)]
async fn home() {}

fn main() {}
