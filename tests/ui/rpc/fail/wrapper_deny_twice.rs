use os_session::{Error, connected_wrapper};

#[connected_wrapper(deny = "banned", deny = "guest")]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
