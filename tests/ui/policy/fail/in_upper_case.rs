use os_session::{connected, policy};

#[policy]
async fn OfficeHours() -> bool {
    true
}

#[connected(allow = OfficeHours)]
async fn home() {}

fn main() {}
