use os_session::{Error, connected_wrapper};

#[connected_wrapper(allow = "editor", deny_fun = || async { Ok(()) })]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
