//! The user table, with the groups of each user in their row.

use std::collections::HashMap;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash};
use os_session::{Group, UserId};

/// The groups that rules may name.
#[derive(Group, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Admin,
    Banned,
}

#[derive(Clone)]
pub struct Users(Arc<Table>);

struct Table {
    by_name: HashMap<&'static str, &'static [Group]>,
    /// Of the password that all of them have, and nobody else.
    hash: PasswordHash,
}

impl Users {
    pub fn with_people() -> Result<Self, password_hash::Error> {
        let people: [(_, &[Group]); 3] =
            [("alice", &[Group::Admin]), ("bob", &[]), ("mallory", &[Group::Admin, Group::Banned])];
        let hash = Argon2::default().hash_password(b"quickstart")?;
        Ok(Self(Arc::new(Table { by_name: people.into_iter().collect(), hash })))
    }

    /// Whose name and password these are, if anybody's.
    pub async fn verify(&self, name: String, password: String) -> Option<UserId> {
        let Self(table) = self.clone();
        // Slow on purpose, so it must not hold up the requests of others. It is as slow for a name that nobody has.
        let verification = tokio::task::spawn_blocking(move || {
            let right = Argon2::default().verify_password(password.as_bytes(), &table.hash).is_ok();
            (right && table.by_name.contains_key(&*name)).then(|| UserId::from(name))
        });
        verification.await.ok().flatten()
    }

    pub fn groups_of(&self, user: &UserId) -> Vec<Group> {
        self.0.by_name.get(user.as_str()).map(|groups| groups.to_vec()).unwrap_or_default()
    }
}
