use os_session::{Error, connected_rpc};

#[connected_rpc]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
