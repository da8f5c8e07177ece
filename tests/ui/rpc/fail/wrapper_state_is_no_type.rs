use os_session::{Error, connected_wrapper};

#[connected_wrapper(state = 1)]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
