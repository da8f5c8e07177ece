use os_session::{Error, UserId, connected_rpc};

#[connected_rpc(allow = editor)]
async fn rename(_: UserId) -> Result<(), Error> {
    Ok(())
}

fn main() {}
