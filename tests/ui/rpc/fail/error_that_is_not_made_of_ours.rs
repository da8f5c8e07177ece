use os_session::{UserId, connected_rpc};

#[connected_rpc]
async fn rename(_: UserId) -> Result<(), std::fmt::Error> {
    Ok(())
}

fn main() {}
