use os_session::{Error, UserId, connected_rpc};

#[connected_rpc(force_unconnected)]
async fn rename(_: UserId) -> Result<(), Error> {
    Ok(())
}

fn main() {}
