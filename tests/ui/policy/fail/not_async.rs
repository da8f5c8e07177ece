use os_session::{UserId, policy};

#[policy]
fn is_alice(user: UserId) -> bool {
    user == "alice"
}

fn main() {}
