use os_session::{Error, connected_wrapper};

#[connected_wrapper(force_unconnected = true)]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
