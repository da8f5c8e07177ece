use os_session::{Error, connected_rpc};

#[derive(Clone)]
struct Account;

#[connected_rpc]
async fn rename(_: Account) -> Result<(), Error> {
    Ok(())
}

fn main() {}
