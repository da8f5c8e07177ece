use os_session::{Error, connected_wrapper};

#[connected_wrapper(alow = "editor")]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
