//! What can be said on the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand};
use os_session::{SessionHandle, UserId};

use crate::address::Written;

/// What is done with a store of sessions from outside the application.
///
/// Answers go to the standard output, everything else to the standard error. The exit code is 0 when it is done, 1 when it failed, 2 when the
/// command line is wrong, and 3 when the answer is no: a store that is not ready, a session or a group that is not there.
#[derive(Debug, Parser)]
#[command(name = "os-session", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The store: `postgres://user:password@host/database`, `redis://user:password@host:6379/0`, several of those with commas between
    /// them for a cluster, or `sqlite:path`. Rather in the environment, where other users of the machine do not see the password.
    #[arg(
        long,
        env = "OS_SESSION_STORE",
        hide_env_values = true,
        global = true,
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) store: Written,

    #[command(flatten)]
    pub(crate) options: Options,

    /// Answers in JSON, one object that says its `version`, 1.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How a store is opened.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The schema in PostgreSQL, as the application names it.
    #[arg(long, global = true, default_value = "os_session")]
    pub(crate) schema: String,

    /// The prefix of keys in Redis, as the application names it.
    #[arg(long, global = true, default_value = "os_session")]
    pub(crate) prefix: String,

    /// How long one operation may take.
    #[arg(long, global = true, default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) deadline: Duration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tells whether the store can be reached and is up to date, and changes nothing.
    Check,
    /// Makes the tables of the store, or brings them up to date, as the application does when it starts.
    Migrate {
        /// Print the SQL for PostgreSQL instead, for a role that may run it.
        #[arg(long)]
        print: bool,
    },
    /// Copies a file of sessions into the store, which is PostgreSQL or Redis and not in use: all of it, or nothing.
    ///
    /// Nobody is logged out by it. The server has to be stopped; a file that it still uses is refused.
    Copy {
        /// The file: a path, or `sqlite:path`.
        #[arg(long)]
        from: PathBuf,
    },
    /// Lists and closes sessions.
    #[command(subcommand)]
    Sessions(Sessions),
    /// Groups in the store's own tables, and who is in them.
    #[command(subcommand)]
    Groups(Groups),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// The live sessions of a user.
    List {
        /// The user.
        #[arg(value_parser = name)]
        user: String,
    },
    /// Closes sessions of a user. When it returns, no node admits the next request, and their tabs have been told.
    ///
    /// Close hooks are the application's, and do not run for it.
    #[command(group = ArgGroup::new("which").required(true).args(["handle", "all"]))]
    Close {
        /// The user.
        #[arg(value_parser = name)]
        user: String,
        /// The name of one session, as `sessions list` says it.
        handle: Option<SessionHandle>,
        /// All of them.
        #[arg(long)]
        all: bool,
        /// With `--all`: also forget what the browsers hold in which they were open, for a device that is lost.
        #[arg(long, requires = "all")]
        with_browsers: bool,
    },
    /// Closes every live session, of whomever it is: after a failover in which log-outs may have been lost, for example. Hooks do not run.
    CloseEverybody,
    /// Removes sessions and browsers whose time is over. The application does so by itself, and runs the close hooks, which do not run here.
    Purge {
        /// At most so many sessions.
        #[arg(long)]
        most: Option<NonZeroUsize>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Groups {
    /// All groups.
    List,
    /// The groups that a user is in.
    Of {
        /// The user.
        #[arg(value_parser = name)]
        user: String,
    },
    /// Makes a group; one that is there is left alone.
    Create {
        /// Its name.
        #[arg(value_parser = name)]
        group: String,
    },
    /// Puts a user into a group.
    Add {
        /// The user.
        #[arg(value_parser = name)]
        user: String,
        /// The group, which has to be there.
        #[arg(value_parser = name)]
        group: String,
    },
    /// Takes a user out of a group. When it returns, no node takes the user for a member.
    Remove {
        /// The user.
        #[arg(value_parser = name)]
        user: String,
        /// The group.
        #[arg(value_parser = name)]
        group: String,
    },
}

/// A name of a user or a group, which an unset variable of a shell is not. Both have the same
/// limits.
fn name(written: &str) -> Result<String, String> {
    match UserId::from(written).validate() {
        Ok(()) => Ok(written.to_owned()),
        Err(error) => Err(error.to_string().replace("a user id", "it")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
