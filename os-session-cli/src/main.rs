//! `os-session`, the command line: what is done with a store of sessions from outside the application.

mod address;
mod arguments;
mod answer;
mod tls;
mod opened;
mod check;
mod copy;
mod sessions;
mod groups;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use os_session::StoreError;

use crate::address::Written;
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
    if let (Written::Nothing, Command::Migrate { print: true }) = (&store, &command) {
        return check::print(&options);
    }
    // A mistake on the command line, as others are.
    let store = store
        .address()
        .unwrap_or_else(|problem| Arguments::command().error(ErrorKind::ValueValidation, problem).exit());
    match command {
        Command::Check => check::check(&store, &options).await,
        Command::Migrate { print: true } => check::print_for(&store, &options),
        Command::Migrate { print: false } => check::migrate(&store, &options).await,
        Command::Copy { from } => copy::copy(&from, &store, &options).await,
        Command::Sessions(command) => sessions::run(command, &store, &options).await,
        Command::Groups(command) => groups::run(command, &store, &options).await,
    }
}
