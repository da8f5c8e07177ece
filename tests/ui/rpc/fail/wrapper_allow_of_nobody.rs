use os_session::{Error, connected_wrapper};

#[connected_wrapper(allow = [])]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
