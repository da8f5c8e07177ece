//! The application's own table of users. os-session sees its `id`, and asks for the role.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use os_session::{BoxError, FromUser, Group, UserId};
use sqlx::{FromRow, PgPool};

use crate::App;

/// What the column `role` may hold. Each is a group that rules name.
#[derive(Group, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
    Editor,
    Reader,
}

/// A row, for handlers that ask for `User<Account>`.
#[derive(Debug, Clone, FromRow)]
pub struct Account {
    pub name: String,
    pub role: String,
}

/// An account that was deleted is `None`: whoever is still logged in to it no longer is.
impl FromUser<App> for Account {
    type Error = BoxError;

    async fn from_user(id: &UserId, app: &App) -> Result<Option<Self>, BoxError> {
        let account = sqlx::query_as("select name, role from users where id = $1").bind(id.parse::<i64>()?);
        Ok(account.fetch_optional(&app.pool).await?)
    }
}

#[derive(Clone)]
pub struct Users {
    pool: PgPool,
}

impl Users {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The group of a user, asked once a request and only where the rule names a group.
    pub async fn role_of(&self, user: &UserId) -> Result<Option<String>, BoxError> {
        let role = sqlx::query_scalar("select role from users where id = $1").bind(user.parse::<i64>()?);
        Ok(role.fetch_optional(&self.pool).await?)
    }

    /// Whose name and password these are, if anybody's.
    pub async fn verify(&self, name: &str, password: String) -> Result<Option<i64>, BoxError> {
        let row = sqlx::query_as::<_, (i64, String)>("select id, password_hash from users where name = $1").bind(name);
        let row = row.fetch_optional(&self.pool).await?;
        // Slow on purpose, so it must not hold up the requests of others; and as slow for a name that nobody has.
        let verified = tokio::task::spawn_blocking(move || {
            let (id, hash) = row.map_or_else(|| (None, NOBODYS_HASH.to_owned()), |(id, hash)| (Some(id), hash));
            let hash = PasswordHash::new(&hash)?;
            let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
            Ok::<_, BoxError>(id.filter(|_| right))
        });
        verified.await?
    }

    /// Three people with one password, where nobody is yet.
    pub async fn seed(&self) -> Result<(), BoxError> {
        for (name, role) in [("alice", Role::Admin), ("bob", Role::Editor), ("carol", Role::Reader)] {
            let hash = Argon2::default().hash_password(b"postgres").map_err(|error| error.to_string())?;
            sqlx::query("insert into users (name, password_hash, role) values ($1, $2, $3) on conflict do nothing")
                .bind(name)
                .bind(hash.to_string())
                .bind(role.as_ref())
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }
}

/// What the password of an unknown user is compared with. Nobody knows one that fits.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGF0IGFsbCE$qLmyGWLJvBcbZkVYpQ9ESxQpPUNtsEO8ZcFm7pRdSn8";
