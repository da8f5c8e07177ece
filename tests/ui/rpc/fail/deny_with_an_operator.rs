use os_session::{Error, UserId, connected_rpc};

#[connected_rpc(deny = "guest" | "banned")]
async fn rename(_: UserId) -> Result<(), Error> {
    Ok(())
}

fn main() {}
