use os_session::{Error, connected_wrapper};

#[connected_wrapper(allow = "admin", force_unconnected)]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
