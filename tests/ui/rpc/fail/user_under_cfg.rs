use os_session::{Error, UserId, connected_rpc};

#[connected_rpc]
async fn rename(#[cfg(unix)] _: UserId) -> Result<(), Error> {
    Ok(())
}

fn main() {}
