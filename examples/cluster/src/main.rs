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
mod starter;
#[path = "../../quickstart/src/stop.rs"]
mod stop;
mod store;
#[path = "../../quickstart/src/users.rs"]
mod users;

use std::error::Error;
use std::io;
use std::process::{ExitCode, Stdio};

use axum::extract::FromRef;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tracing_subscriber::filter::LevelFilter;

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
    // Why a request was answered with 503, or a log-out took long.
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(LevelFilter::WARN).init();
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
    if named {
        return start_nodes(port, None).await;
    }
    let server = RedisServer::start().await?;
    let outcome = start_nodes(port, Some(&server)).await;
    server.end().await?;
    outcome
}

async fn start_nodes(port: u16, server: Option<&RedisServer>) -> Result<(), Box<dyn Error>> {
    let start = |port: u16| {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([NODE, &port.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        if let Some(server) = server {
            command.env("REDIS_URL", server.url());
        }
        let mut process = command.spawn()?;
        // Kept open as long as the node shall run: whoever waits for a process closes it otherwise.
        let stdin = process.stdin.take();
        Ok::<_, io::Error>((process, stdin))
    };
    // One after the other, so that the second finds the tables and groups that the first has made.
    let (mut one, one_runs) = start(port)?;
    until_it_listens(&mut one).await?;
    let (mut other, other_runs) = start(port + 1)?;
    until_it_listens(&mut other).await?;
    println!("open both, side by side: http://127.0.0.1:{port} and http://127.0.0.1:{}", port + 1);
    tokio::select! {
        // A node goes on without the other.
        _ = async { tokio::join!(one.wait(), other.wait()) } => Err("both nodes have ended".into()),
        () = stop::told() => {
            // They may have heard it too, and say goodbye to the store.
            drop((one_runs, other_runs));
            one.wait().await?;
            other.wait().await?;
            Ok(())
        }
    }
}

/// Passes on what the node says, and returns when it says that it listens.
async fn until_it_listens(node: &mut Child) -> Result<(), Box<dyn Error>> {
    let said = node.stdout.take().ok_or("a node says nothing")?;
    let mut lines = BufReader::new(said).lines();
    while let Some(line) = lines.next_line().await? {
        println!("{line}");
        if line.starts_with(node::LISTENING) {
            tokio::spawn(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    println!("{line}");
                }
            });
            return Ok(());
        }
    }
    Err(format!("a node has ended before it listened, with {}", node.wait().await?).into())
}
