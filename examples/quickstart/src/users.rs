//! The user table: names and hashed passwords. os-session never sees it; it is told a name once a password was right.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash};
use os_session::{FromUser, UserId};

use crate::App;

/// One user, as the pages need them.
#[derive(Clone)]
pub struct Account {
    pub name: String,
    pub motto: &'static str,
    password_hash: PasswordHash,
}

/// A row in a database, in an application that grows.
#[derive(Clone)]
pub struct Users(Arc<Table>);

struct Table {
    by_name: HashMap<String, Account>,
    /// What the password of an unknown user is compared with, so that the answer takes as long as any other.
    nobodys_hash: PasswordHash,
}

impl Users {
    /// Three people with one password.
    pub fn with_people() -> Result<Self, password_hash::Error> {
        let people = [("alice", "keeps the keys"), ("bob", "just looks around"), ("mallory", "had the keys, once")];
        let mut by_name = HashMap::new();
        for (name, motto) in people {
            let password_hash = hash("quickstart")?;
            by_name.insert(name.to_owned(), Account { name: name.to_owned(), motto, password_hash });
        }
        Ok(Self(Arc::new(Table { by_name, nobodys_hash: hash("nobody's")? })))
    }

    /// Whose name and password these are, if anybody's.
    pub async fn verify(&self, name: String, password: String) -> Option<UserId> {
        let Self(table) = self.clone();
        // Slow on purpose, so it must not hold up the requests of others.
        let verification = tokio::task::spawn_blocking(move || {
            let account = table.by_name.get(&name);
            let hash = account.map_or(&table.nobodys_hash, |account| &account.password_hash);
            let right = Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
            account.filter(|_| right).map(|account| UserId::from(&account.name))
        });
        verification.await.ok().flatten()
    }
}

fn hash(password: &str) -> Result<PasswordHash, password_hash::Error> {
    Argon2::default().hash_password(password.as_bytes())
}

/// With this a handler asks for `User<Account>`, and has what the pages need to know of whoever is connected.
impl FromUser<App> for Account {
    type Error = Infallible;

    async fn from_user(id: &UserId, app: &App) -> Result<Option<Self>, Infallible> {
        Ok(app.users.0.by_name.get(id.as_str()).cloned())
    }
}
