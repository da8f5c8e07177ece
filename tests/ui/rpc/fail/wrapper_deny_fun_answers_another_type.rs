use os_session::{Error, connected_wrapper};

async fn sorry() -> &'static str {
    "sorry"
}

#[connected_wrapper(allow = "editor", deny_fun = sorry)]
async fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
