use os_session::{Error, UserId, connected_rpc};

#[connected_rpc(crate = "os_session")]
async fn rename(_: UserId) -> Result<(), Error> {
    Ok(())
}

fn main() {}
