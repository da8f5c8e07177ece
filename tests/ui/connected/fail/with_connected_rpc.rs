use os_session::{Error, UserId, connected, connected_rpc};

#[connected]
#[connected_rpc]
async fn home(_: UserId) -> Result<(), Error> {
    Ok(())
}

fn main() {}
