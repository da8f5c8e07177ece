//! An application for tests. It prints its address when it listens; the environment says where its sessions are:
//! `NODE_SQLITE` is a path, or `NODE_POSTGRES` is a URL and `NODE_SCHEMA` a schema, or `NODE_REDIS` is a URL and `NODE_PREFIX` a prefix. `NODE_LIMIT` is the limit per user, and `NODE_LEASE` a number of
//! milliseconds for which the node may admit from memory.

use std::env::var;
use std::error::Error as StdError;
use std::process::ExitCode;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query};
use os_session::routing::{Router, get, post};
use os_session::{
    Error, LeaseStore, LeasedStore, PostgresStore, RedisStore, Session, SessionHandle, Sessions, SessionsBuilder,
    SqliteStore, StoreError, UserId, connected,
};
use serde::Deserialize;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "its address is its first line")]
async fn serve() -> Result<(), Box<dyn StdError>> {
    let builder = Sessions::builder().insecure_plain_http();
    let lease = match var("NODE_LEASE") {
        Ok(millis) => Some(Duration::from_millis(millis.parse()?)),
        Err(_) => None,
    };
    let builder = match (var("NODE_SQLITE"), var("NODE_POSTGRES"), var("NODE_REDIS")) {
        (Ok(path), _, _) => builder.store(SqliteStore::open(path).await?),
        (_, Ok(url), _) => {
            shared(builder, PostgresStore::builder().schema(var("NODE_SCHEMA")?).connect(&url).await?, lease)?
        }
        (_, _, Ok(url)) => {
            shared(builder, RedisStore::builder().prefix(var("NODE_PREFIX")?).connect(&url).await?, lease)?
        }
        _ => return Err("NODE_SQLITE, NODE_POSTGRES or NODE_REDIS says where the sessions are".into()),
    };
    let builder = match var("NODE_LIMIT") {
        Ok(limit) => builder.max_sessions_per_user(limit.parse()?),
        Err(_) => builder,
    };
    let sessions = builder.build().await?;
    sessions.groups().create("admin").await?;

    let router = Router::new()
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/logout-everywhere", post(logout_everywhere))
        .route("/me", get(me))
        .route("/admin", get(admin))
        .route("/devices", get(devices))
        .route("/devices/{handle}/close", post(close_device))
        .route("/groups/{name}/{user}", post(join).delete(leave));
    let service = router.with_sessions(&sessions)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, service).await?;
    Ok(())
}

fn shared(
    builder: SessionsBuilder,
    store: impl LeaseStore,
    lease: Option<Duration>,
) -> Result<SessionsBuilder, StoreError> {
    Ok(match lease {
        Some(lease) => builder.store(LeasedStore::builder(store).lease(lease).start()?),
        None => builder.store(store),
    })
}

#[derive(Deserialize)]
struct Login {
    user: String,
}

#[connected(opt)]
async fn login(session: Session, Query(login): Query<Login>) -> Result<(), Error> {
    session.connect(login.user).await?;
    Ok(())
}

#[connected(opt)]
async fn logout(session: Session) -> Result<(), Error> {
    session.disconnect().await
}

#[connected]
async fn logout_everywhere(session: Session) -> Result<(), Error> {
    session.disconnect_all().await?;
    Ok(())
}

#[connected]
async fn me(user: UserId) -> String {
    user.to_string()
}

#[connected(allow = "admin")]
async fn admin() {}

#[connected]
async fn devices(session: Session, user: UserId) -> Result<Json<Vec<String>>, Error> {
    let devices = session.sessions().of_user(user).await?;
    Ok(Json(devices.into_iter().map(|device| device.handle.to_string()).collect()))
}

#[connected]
async fn close_device(session: Session, Path(handle): Path<SessionHandle>) -> Result<(), Error> {
    session.close(handle).await
}

#[connected(opt)]
async fn join(session: Session, Path((group, user)): Path<(String, String)>) -> Result<(), Error> {
    session.sessions().groups().add_user_in_group(user, group).await
}

#[connected(opt)]
async fn leave(session: Session, Path((group, user)): Path<(String, String)>) -> Result<(), Error> {
    session.sessions().groups().remove_user_in_group(user, group).await
}
