use os_session::{Error, connected_wrapper};

struct Site;

impl Site {
    #[connected_wrapper(allow = "editor")]
    async fn rename(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
