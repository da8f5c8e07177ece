use os_session::connected;

struct Sorry;

async fn sorry() -> Sorry {
    Sorry
}

#[connected(allow = "admin", deny_fun = sorry)]
async fn home() {}

fn main() {}
