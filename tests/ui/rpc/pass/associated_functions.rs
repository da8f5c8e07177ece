use os_session::{Error, UserId, connected_rpc, connected_wrapper};

struct Editor;

impl Editor {
    #[connected_rpc]
    async fn rename(_: UserId) -> Result<(), Error> {
        Ok(())
    }

    #[connected_wrapper(deny = "banned")]
    async fn vote() -> Result<(), Error> {
        Self::rename().await
    }
}

fn main() {
    drop(Editor::vote());
}
