use os_session::connected;

async fn is_alice() -> bool {
    true
}

#[connected(allow = is_alice)]
async fn home() {}

fn main() {}
