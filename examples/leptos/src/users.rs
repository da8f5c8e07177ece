//! The user table.

use std::convert::Infallible;

use os_session::{FromUser, UserId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
}

impl FromUser<()> for Account {
    type Error = Infallible;

    async fn from_user(id: &UserId, (): &()) -> Result<Option<Self>, Infallible> {
        // A database would have to be waited for.
        tokio::task::yield_now().await;
        let name = match id.as_str() {
            "alice" => "Alice Adams",
            "bob" => "Bob Brown",
            _ => return Ok(None),
        };
        Ok(Some(Self { name: name.to_owned() }))
    }
}

pub fn is_editor(user: &UserId) -> bool {
    user.as_str() == "alice"
}

/// The quickstart has a table with hashes in it.
pub fn verify(name: &str, password: &str) -> bool {
    matches!(name, "alice" | "bob") && password == "leptos"
}
