use os_session::{Error, UserId, connected_rpc};

#[connected_rpc]
async fn rename(_: Option<UserId>) -> Result<(), Error> {
    Ok(())
}

fn main() {}
