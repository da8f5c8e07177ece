//! `os-session`, the command line: what is done with a store of sessions from outside the application.

mod arguments;
mod address;
mod answer;
mod tls;
mod opened;
mod check;
mod copy;
mod sessions;
mod groups;

use std::process::ExitCode;

use clap::Parser as _;
use os_session::StoreError;

use crate::answer::Answer;
use crate::arguments::{Arguments, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What a store has to say besides its answers, such as a row that cannot be read.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();
    tls::choose_implementation();
    let as_json = arguments.json;
    answer::tell(run(arguments).await, as_json)
}

async fn run(arguments: Arguments) -> Result<Answer, StoreError> {
    let Arguments { store, options, command, json: _ } = arguments;
    match command {
        Command::Check => check::check(&store, &options).await,
        Command::Migrate { print: true } => check::print(&store, &options),
        Command::Migrate { print: false } => check::migrate(&store, &options).await,
        Command::Copy { from } => copy::copy(&from, &store, &options).await,
        Command::Sessions(command) => sessions::run(command, &store, &options).await,
        Command::Groups(command) => groups::run(command, &store, &options).await,
    }
}
