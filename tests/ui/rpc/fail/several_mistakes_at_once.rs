use os_session::{Error, connected_rpc};

#[connected_rpc(alow = "editor", deny = [])]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
