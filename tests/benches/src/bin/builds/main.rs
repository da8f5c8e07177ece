//! What the attributes add to build times. Run with `cargo run --release -p os-session-benches --bin builds`
//! (some minutes; without the network, from what this workspace was built from).
//!
//! Writes one application three times, see [`application`], and lets cargo check and build each from nothing and after
//! a line was added to one handler. Dependencies are built beforehand.
//!
//! Figures are processor seconds, of cargo and all that it starts, and the least of several rounds in which the
//! applications take turns: both make a busy machine matter less. With a number as argument it runs that many rounds;
//! with `write DIRECTORY` it leaves the applications there, to be read or measured by other means.

mod application;
mod cargo;

use std::{env, fmt::Write as _, num::NonZero, path::Path, time::Duration};

use application::Flavour;
use cargo::{Command, Workspace};

const USAGE: &str = "usage: cargo run --release -p os-session-benches --bin builds [-- ROUNDS | write DIRECTORY]";

const ROUNDS: NonZero<u32> = NonZero::new(5).expect("five");

/// What is measured of every application.
#[derive(Clone, Copy)]
struct Task {
    name: &'static str,
    command: Command,
    start: Start,
}

/// What there is before a task.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// The dependencies, and nothing of the application.
    Cold,
    /// What the task before has left, and a line more in one handler.
    Edited,
}

/// Each edited one finds what the cold one above it has left.
const TASKS: [Task; 4] = [
    Task { name: "`cargo check`, cold", command: Command::Check, start: Start::Cold },
    Task { name: "`cargo check`, one handler edited", command: Command::Check, start: Start::Edited },
    Task { name: "`cargo build`, cold", command: Command::Build, start: Start::Cold },
    Task { name: "`cargo build`, one handler edited", command: Command::Build, start: Start::Edited },
];

/// The least time of each task, for each application in the order of [`Flavour::ALL`].
type Times = [[Duration; Flavour::ALL.len()]; TASKS.len()];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => run(ROUNDS),
        ["write", directory] => {
            Workspace::write(Path::new(directory));
        }
        [rounds] => run(rounds.parse().unwrap_or_else(|_| panic!("{USAGE}"))),
        _ => panic!("{USAGE}"),
    }
}

fn run(rounds: NonZero<u32>) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let workspace = Workspace::write(directory.path());
    for (flavour, command) in every_build() {
        workspace.run(command, flavour);
    }
    let mut times = [[Duration::MAX; _]; _];
    for _ in 0..rounds.get() {
        measure_once(&workspace, &mut times);
    }
    print!("{}", table(&times, rounds));
}

fn every_build() -> impl Iterator<Item = (Flavour, Command)> {
    Flavour::ALL.into_iter().flat_map(|flavour| [(flavour, Command::Check), (flavour, Command::Build)])
}

fn measure_once(workspace: &Workspace, least: &mut Times) {
    for (column, flavour) in Flavour::ALL.into_iter().enumerate() {
        for (task, least) in TASKS.iter().zip(&mut *least) {
            match task.start {
                Start::Cold => workspace.clean(flavour),
                Start::Edited => workspace.edit(flavour),
            }
            least[column] = least[column].min(workspace.run(task.command, flavour));
        }
    }
}

fn table(times: &Times, rounds: NonZero<u32>) -> String {
    let mut text = String::from("| processor seconds |");
    for flavour in Flavour::ALL {
        let _ = write!(text, " {} |", flavour.title());
    }
    text.push_str(" × plain | × `#[debug_handler]` |\n|---|--:|--:|--:|--:|--:|\n");
    for (task, [plain, debug_handler, declared]) in
        TASKS.iter().zip(times.map(|row| row.map(|time| time.as_secs_f64())))
    {
        let _ = writeln!(
            text,
            "| {} | {plain:.2} | {debug_handler:.2} | {declared:.2} | {:.2} | {:.2} |",
            task.name,
            declared / plain,
            declared / debug_handler,
        );
    }
    let _ = writeln!(text, "\n{} handlers; the least of {rounds} rounds.", application::HANDLERS);
    text
}
