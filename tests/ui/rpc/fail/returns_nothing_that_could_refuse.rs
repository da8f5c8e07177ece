use os_session::{UserId, connected_rpc};

#[connected_rpc]
async fn rename(_: UserId) -> bool {
    true
}

fn main() {}
