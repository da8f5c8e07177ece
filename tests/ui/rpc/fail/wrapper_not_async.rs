use os_session::{Error, connected_wrapper};

#[connected_wrapper]
fn rename() -> Result<(), Error> {
    Ok(())
}

fn main() {}
