use os_session::{Error, UserId, connected_rpc};

async fn sorry(_: UserId) -> Result<(), Error> {
    Ok(())
}

#[connected_rpc(allow = "editor", deny_fun = sorry)]
async fn rename(_: UserId) -> Result<(), Error> {
    Ok(())
}

fn main() {}
