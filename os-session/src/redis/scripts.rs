//! The scripts, each with what stands before all of them.

use futures_util::future::try_join_all;
use redis::{Cmd, RedisResult, cmd};

use super::link::Link;

const PRELUDE: &str = include_str!("scripts/prelude.lua");

/// One operation, done by the server in one step.
#[derive(Debug)]
pub(super) struct Script {
    text: String,
    /// By which the server knows it.
    digest: String,
}

/// What a script is given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Argument<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
    Number(u64),
    Flag(bool),
    /// Something or nothing, which is told from something empty.
    Optional(Option<&'a [u8]>),
}

impl Script {
    async fn load(mut link: Link, text: String) -> RedisResult<Self> {
        let digest = link.ask_any(cmd("SCRIPT").arg("LOAD").arg(&text)).await?;
        Ok(Self { digest: redis::from_redis_value(digest)?, text })
    }

    /// Asks for it by its digest, as a server knows it that was given it before.
    pub(super) fn known(&self, root: &str, caller: &str, arguments: &[Argument<'_>]) -> Cmd {
        with_arguments("EVALSHA", &self.digest, root, caller, arguments)
    }

    /// Asks for it by its text, as any server understands it.
    pub(super) fn told(&self, root: &str, caller: &str, arguments: &[Argument<'_>]) -> Cmd {
        with_arguments("EVAL", &self.text, root, caller, arguments)
    }
}

fn with_arguments(command: &str, script: &str, root: &str, caller: &str, arguments: &[Argument<'_>]) -> Cmd {
    let mut command = cmd(command);
    // Two keys, of which the first never exists: while the hash slot moves from one node of a cluster to another, key by key, both
    // refuse such a command, and no script finds a part of the keys and takes it for all.
    command.arg(script).arg(2).arg(root).arg(format!("{root}counter")).arg(caller);
    for argument in arguments {
        match *argument {
            Argument::Bytes(bytes) => command.arg(bytes),
            Argument::Text(text) => command.arg(text),
            Argument::Number(number) => command.arg(number),
            Argument::Flag(flag) => command.arg(u8::from(flag)),
            Argument::Optional(None) => command.arg(b""),
            Argument::Optional(Some(bytes)) => command.arg([b"=", bytes].concat()),
        };
    }
    command
}

/// The text with the prelude behind its first line, which has to say what kind of script it is. Its answer is followed by whom to wait for.
fn whole(script: &str) -> String {
    let (first, rest) = script.split_once('\n').unwrap_or((script, ""));
    format!(
        "{first}\n{PRELUDE}\nlocal function operation()\n{rest}\nend\nlocal answer = operation()\nreturn {{answer or false, conclude()}}\n"
    )
}

macro_rules! scripts {
    ($($name:ident,)*) => {
        /// Every script that the store has.
        #[derive(Debug)]
        pub(super) struct Scripts {
            $(pub(super) $name: Script,)*
        }

        const TEXTS: &[&str] = &[$(include_str!(concat!("scripts/", stringify!($name), ".lua"))),*];

        impl Scripts {
            /// Asks a server for their digests. It knows them from then on; any other learns them when they are used.
            pub(super) async fn load(link: &Link) -> RedisResult<Self> {
                let loading = TEXTS.iter().map(|text| Script::load(link.clone(), whole(text)));
                let mut loaded = try_join_all(loading).await?.into_iter();
                let mut next = || loaded.next().expect("each text was loaded");
                Ok(Self { $($name: next(),)* })
            }
        }
    };
}

scripts! {
    find,
    insert,
    touch,
    rotate,
    close,
    close_handle,
    close_all,
    close_all_with_browsers,
    close_some,
    list,
    purge,
    create_group,
    all_groups,
    add_to_group,
    remove_from_group,
    in_group,
    slot,
    write_slot,
    rotate_browser,
    touch_browser,
    forget_browser,
    publish,
    join_leases,
    renew_lease,
    leave_leases,
    nodes_behind,
    begin_import,
    import,
    end_import,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without such a line a replica would answer what is only read, with what was true a while ago.
    #[test]
    fn every_script_says_that_it_may_write() {
        for text in TEXTS {
            let first = text.lines().next().unwrap();
            assert!(first == "#!lua" || first == "#!lua flags=allow-oom", "{first}");
        }
    }
}
