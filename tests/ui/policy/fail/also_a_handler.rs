use os_session::{connected, policy};

#[connected]
#[policy]
async fn home() -> bool {
    true
}

fn main() {}
