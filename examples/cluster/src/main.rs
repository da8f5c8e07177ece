//! The quickstart on two nodes: run with `cargo run -p cluster`, then open both addresses that it prints, side by side. Log out in one, and the
//! other restarts.
//!
//! `DATABASE_URL` names a PostgreSQL for the sessions, or `REDIS_URL` a Redis; without either a Redis is started, for as long as this runs.
//! `OS_SESSION_MODE=leased` lets the nodes admit from memory, and `strict`, the default, asks the store at each request. The nodes listen on
//! `PORT`, 3000 by default, and on the port after it. `GET /stats` says what a node asked of the store, and what it decided by itself.
//!
//! Users, pages and log-in are the quickstart's, to the letter. What is different is here: [`store`] for the choice of the store,
//! [`html`] for the line that makes a page hear of changes, and [`node`] for what each process does. This file starts two of them.

#[path = "../../quickstart/src/account.rs"]
mod account;
#[path = "../../quickstart/src/hooks.rs"]
mod hooks;
mod html;
mod node;
#[path = "../../quickstart/src/pages.rs"]
mod pages;
mod redis;
mod store;
#[path = "../../quickstart/src/users.rs"]
mod users;

use std::error::Error;
use std::process::{ExitCode, Stdio};

use axum::extract::FromRef;
use tokio::process::{Child, Command};

use crate::hooks::HookLog;
use crate::redis::RedisServer;
use crate::users::Users;

/// The application's own state, as the quickstart's.
#[derive(Clone, FromRef)]
struct App {
    users: Users,
    log: HookLog,
}

/// By this argument a process knows that it is one of the nodes.
const NODE: &str = "node";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let outcome = match &arguments[..] {
        [] => start_both().await,
        [node, port] if node == NODE => node::serve(port).await,
        _ => Err(format!("`{}` is not understood; run it without arguments", arguments.join(" ")).into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cluster: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Two processes, as on two machines; they end with this one.
async fn start_both() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT").map_or(Ok(3000), |port| {
        let fits = port.parse().ok().filter(|port: &u16| *port > 0 && *port < u16::MAX);
        fits.ok_or_else(|| {
            format!("PORT is `{port}`; give a number from 1 to 65534, since the port after it is used as well")
        })
    })?;
    let named = ["DATABASE_URL", "REDIS_URL"].iter().any(|name| std::env::var_os(name).is_some());
    let server = if named { None } else { Some(RedisServer::start().await?) };
    let start = |port: u16| {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([NODE, &port.to_string()]).stdin(Stdio::piped()).kill_on_drop(true);
        if let Some(server) = &server {
            command.env("REDIS_URL", server.url());
        }
        command.spawn()
    };
    // One after the other, so that the second finds the tables and groups that the first has made.
    let mut one = start(port)?;
    until_it_listens(port, &mut one).await?;
    let mut other = start(port + 1)?;
    let ended = tokio::select! {
        ended = one.wait() => ended?,
        ended = other.wait() => ended?,
        _ = tokio::signal::ctrl_c() => {
            // They heard it too, and say goodbye to the store.
            for node in [&mut one, &mut other] {
                drop(node.stdin.take());
                node.wait().await?;
            }
            return Ok(());
        }
    };
    Err(format!("a node has ended, with {ended}").into())
}

async fn until_it_listens(port: u16, node: &mut Child) -> Result<(), Box<dyn Error>> {
    let answers = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = answers => Ok(()),
        ended = node.wait() => Err(format!("the first node has ended, with {}", ended?).into()),
    }
}
