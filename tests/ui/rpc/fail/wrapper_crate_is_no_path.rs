use os_session::{Error, connected_wrapper};

#[connected_wrapper(crate = 1)]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
