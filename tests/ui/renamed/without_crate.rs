use sessions::{UserId, connected, connected_rpc, on_open_session, policy};

#[connected]
pub async fn home() {}

#[connected_rpc]
pub async fn rename(_: UserId) -> Result<(), sessions::Error> {
    Ok(())
}

#[policy]
pub async fn is_open() -> bool {
    true
}

#[on_open_session]
pub async fn greet() {}

#[derive(sessions::Group)]
pub enum Group {
    Admin,
}

// With the argument it compiles.
#[connected(crate = sessions)]
pub async fn shop() {}
