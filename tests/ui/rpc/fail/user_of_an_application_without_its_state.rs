use os_session::{Error, FromUser, UserId, connected_rpc};

struct App;

#[derive(Clone)]
struct Account;

impl FromUser<App> for Account {
    type Error = Error;

    async fn from_user(_: &UserId, _: &App) -> Result<Option<Self>, Error> {
        Ok(None)
    }
}

#[connected_rpc]
async fn rename(_: Account) -> Result<(), Error> {
    Ok(())
}

fn main() {}
