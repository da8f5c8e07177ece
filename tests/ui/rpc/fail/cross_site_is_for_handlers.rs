use os_session::{Error, UserId, connected_rpc};

#[connected_rpc(cross_site = "why")]
async fn rename(_: UserId) -> Result<(), Error> {
    Ok(())
}

fn main() {}
