//! A workspace of the applications, and cargo at work in it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use crate::application::{self, Flavour};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What cargo is asked for; both in the profile of `dev`, incrementally.
#[derive(Clone, Copy)]
pub(crate) enum Command {
    Check,
    Build,
}

impl Command {
    fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Build => "build",
        }
    }
}

pub(crate) struct Workspace(PathBuf);

impl Workspace {
    /// Writes all applications into a directory, with this repository's lock file, so that they build from what it
    /// builds from.
    pub(crate) fn write(directory: &Path) -> Self {
        let repository = Path::new(REPOSITORY).canonicalize().expect("this repository");
        let manifest = application::workspace_manifest();
        write(&directory.join("Cargo.toml"), &manifest);
        fs::copy(repository.join("Cargo.lock"), directory.join("Cargo.lock")).expect("this repository's lock file");
        for flavour in Flavour::ALL {
            for (path, text) in application::files(flavour, &repository) {
                write(&directory.join(flavour.package()).join(path), &text);
            }
        }
        Self(directory.to_owned())
    }

    /// Leaves nothing of the application, so that the next build begins with it.
    pub(crate) fn clean(&self, flavour: Flavour) {
        self.cargo("clean", flavour);
    }

    /// Adds a line to one handler. What stands below it moves, as it does when somebody writes.
    pub(crate) fn edit(&self, flavour: Flavour) {
        let path = self.0.join(flavour.package()).join(application::EDITED_FILE);
        let text = fs::read_to_string(&path).expect("a file of the application");
        write(&path, &application::edited(&text));
    }

    /// Gives the processor time.
    pub(crate) fn run(&self, command: Command, flavour: Flavour) -> Duration {
        let before = children_time();
        self.cargo(command.name(), flavour);
        children_time() - before
    }

    fn cargo(&self, command: &str, flavour: Flavour) {
        let output = process::Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([command, "--quiet", "--offline", "--package", flavour.package()])
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            // Whatever the machine is set to.
            .env("CARGO_INCREMENTAL", "1")
            .output()
            .expect("cargo starts");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo {command} of {}:\n{log}", flavour.package());
    }
}

fn write(path: &Path, text: &str) {
    let result = fs::create_dir_all(path.parent().expect("a file in a directory")).and_then(|()| fs::write(path, text));
    result.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// What all children that have ended so far, and theirs, have used of the processor.
fn children_time() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is valid for a `rusage`, which the call fills in if it succeeds.
    let usage = unsafe {
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()), 0, "getrusage");
        usage.assume_init()
    };
    duration(usage.ru_utime) + duration(usage.ru_stime)
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).expect("no negative time");
    let micros = u64::try_from(time.tv_usec).expect("no negative time");
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}
