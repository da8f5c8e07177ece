//! The user table, with the groups of each user in their row.

use std::collections::HashMap;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash};
use os_session::{Group, UserId};

/// The groups that rules may name: a misspelt one does not compile.
#[derive(Group, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Admin,
    Banned,
}

#[derive(Clone)]
pub struct Users(Arc<Table>);

struct Table {
    by_name: HashMap<&'static str, (PasswordHash, Option<Group>)>,
    /// What the password of an unknown user is compared with, so that the answer takes as long as any other.
    nobodys_hash: PasswordHash,
}

impl Users {
    /// Four people with one password.
    pub fn with_people() -> Result<Self, password_hash::Error> {
        let people = [("alice", Some(Group::Admin)), ("bob", None), ("carol", None), ("mallory", Some(Group::Banned))];
        let mut by_name = HashMap::new();
        for (name, group) in people {
            by_name.insert(name, (hash("documents")?, group));
        }
        Ok(Self(Arc::new(Table { by_name, nobodys_hash: hash("nobody's")? })))
    }

    /// Whose name and password these are, if anybody's.
    pub async fn verify(&self, name: String, password: String) -> Option<UserId> {
        let Self(table) = self.clone();
        // Slow on purpose, so it must not hold up the requests of others.
        let verification = tokio::task::spawn_blocking(move || {
            let known = table.by_name.get(&*name);
            let hash = known.map_or(&table.nobodys_hash, |(hash, _)| hash);
            let right = Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
            (known.is_some() && right).then(|| UserId::from(name))
        });
        verification.await.ok().flatten()
    }

    pub fn groups_of(&self, user: &UserId) -> Option<Group> {
        let (_, group) = self.0.by_name.get(user.as_str())?;
        *group
    }
}

fn hash(password: &str) -> Result<PasswordHash, password_hash::Error> {
    Argon2::default().hash_password(password.as_bytes())
}
