//! Importing what another store held: all of it, or nothing that can be used.

use std::pin::Pin;

use redis::{Value, cmd};

use super::link::Link;
use super::scripts::Argument::{self, Bytes, Flag, Number, Optional, Text};
use super::{RedisStore, answers, failure, owner};
use crate::store::StoreError;
use crate::transfer::{Record, RecordCounts};

/// What a copy that was not finished left, and where that is.
fn key(root: &str) -> String {
    format!("{root}importing")
}

/// An error where a copy was begun and not finished.
pub(super) async fn refuse_unfinished(link: &mut Link, root: &str) -> Result<(), StoreError> {
    let there = link.ask(cmd("EXISTS").arg(key(root))).await.map_err(|error| failure::failed(&error))?;
    if there == Value::Int(0) {
        return Ok(());
    }
    Err(StoreError::new(format!(
        "sessions are being copied to `{root}` in Redis, or were when that was interrupted: wait for the end, or copy again, which begins anew"
    )))
}

/// A step of an import. It is boxed: the compiler cannot prove that a future of a generic function
/// is `Send` where it holds the borrows of these.
type Boxed<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

impl RedisStore {
    /// Imports everything that another store held: all of it can be used when this returns, or nothing. `next` gives the next
    /// records, and `None` after the last; neither store must be in use meanwhile.
    ///
    /// Redis knows no transaction of such a length. From the beginning on, and until everything has arrived, a mark says so, and whoever
    /// [connects](super::RedisBuilder::connect) is refused, unless it is [to import](super::RedisBuilder::for_import) again.
    ///
    /// Keys, handles and moments stay what they are, so that everybody is still connected. The user of the server needs
    /// `+scan` besides.
    ///
    /// A closure that owns what it reads from (`async move`) lets the import run in a spawned task.
    ///
    /// ```no_run
    /// # #[cfg(feature = "sqlite-unbundled")]
    /// # async fn copy() -> Result<(), os_session::StoreError> {
    /// use os_session::{RedisStore, SqliteStore};
    ///
    /// let old = SqliteStore::open("app.db").await?;
    /// let new = RedisStore::builder().for_import().connect("redis://:secret@cache.internal").await?;
    /// let mut export = old.export();
    /// let imported = new.import(async move || export.next().await).await?;
    /// println!("{} sessions", imported.sessions);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// There are keys of the prefix already, groups apart; `next` fails; a user id is not
    /// [valid](crate::UserId::validate); a failure of the server.
    pub async fn import(
        &self,
        mut next: impl AsyncFnMut() -> Result<Option<Vec<Record>>, StoreError>,
    ) -> Result<RecordCounts, StoreError> {
        self.claim().await?;
        let mut imported = RecordCounts::default();
        while let Some(records) = next().await? {
            records.iter().try_for_each(Record::validate)?;
            self.keep_all(&records).await?;
            imported += RecordCounts::of(&records);
        }
        self.finish(imported).await?;
        Ok(imported)
    }

    /// Lets the store be used, if everything has arrived.
    fn finish(&self, sent: RecordCounts) -> Boxed<'_> {
        Box::pin(async move {
            let RecordCounts { groups, members, sessions, browsers, slots } = sent;
            let counts = [groups, members, sessions, browsers, slots].map(Number);
            match answers::done(&self.run(&self.scripts().end_import, &counts).await?)? {
                true => Ok(()),
                false => Err(StoreError::new(
                    "not everything has arrived in Redis that was sent, and nothing of it can be used: copy again",
                )),
            }
        })
    }

    fn claim(&self) -> Boxed<'_> {
        Box::pin(self.claim_keys())
    }

    /// Nothing is there, and from here on nobody connects.
    async fn claim_keys(&self) -> Result<(), StoreError> {
        let mut cursor = "0".to_owned();
        loop {
            let answer = self.run(&self.scripts().begin_import, &[Text(&cursor)]).await?;
            let (next, is_in_use) = answers::looked_through(answer)?;
            if is_in_use {
                return Err(StoreError::new(format!(
                    "there are sessions or values with the prefix `{}` in Redis already: copy to a prefix of its own, or remove its keys first",
                    self.shared.prefix
                )));
            }
            if next == "0" {
                return Ok(());
            }
            cursor = next;
        }
    }

    /// Keeps records of several kinds.
    fn keep_all<'a>(&'a self, records: &'a [Record]) -> Boxed<'a> {
        Box::pin(async move {
            for of_a_kind in records.chunk_by(|one, other| kind(one) == kind(other)) {
                self.keep(of_a_kind).await?;
            }
            Ok(())
        })
    }

    async fn keep(&self, records: &[Record]) -> Result<(), StoreError> {
        let Some(first) = records.first() else { return Ok(()) };
        let texts: Vec<_> = records.iter().map(Texts::of).collect();
        let mut arguments = vec![Text(kind(first))];
        for (record, texts) in records.iter().zip(&texts) {
            push(&mut arguments, record, texts);
        }
        match answers::is_imported(self.run(&self.scripts().import, &arguments).await?)? {
            true => Ok(()),
            false => Err(StoreError::new(
                "another copy to the same keys in Redis has ended while this one was under way: copy again",
            )),
        }
    }
}

fn kind(record: &Record) -> &'static str {
    match record {
        Record::Group(_) => "group",
        Record::Member { .. } => "member",
        Record::Session(_) => "session",
        Record::Browser { .. } => "browser",
        Record::Slot { .. } => "slot",
    }
}

/// What of a record is written in digits and may be absent.
struct Texts {
    handle: Option<String>,
    new_idle: Option<String>,
}

impl Texts {
    fn of(record: &Record) -> Self {
        let (handle, new_idle) = match record {
            Record::Session(session) => (Some(session.handle), None),
            Record::Browser { session, new_idle, .. } => (*session, *new_idle),
            Record::Group(_) | Record::Member { .. } | Record::Slot { .. } => (None, None),
        };
        Self {
            handle: handle.map(|handle| handle.to_string()),
            new_idle: new_idle.map(|idle| answers::millis(idle).to_string()),
        }
    }
}

/// The fields of a record, in the order in which the script takes them.
fn push<'a>(arguments: &mut Vec<Argument<'a>>, record: &'a Record, texts: &'a Texts) {
    let Texts { handle, new_idle } = texts;
    match record {
        Record::Group(name) => arguments.push(Text(name)),
        Record::Member { user, group } => arguments.extend([Text(user.as_str()), Text(group)]),
        Record::Session(session) => arguments.extend([
            Bytes(session.key.as_bytes()),
            Text(session.user.as_str()),
            Text(handle.as_deref().unwrap_or_default()),
            Optional(session.device.as_deref().map(str::as_bytes)),
            Number(answers::moment(session.opened)),
            Number(answers::moment(session.seen)),
            Number(answers::moment(session.authenticated)),
            Number(answers::millis(session.idle)),
            Number(answers::moment(session.ends)),
            Flag(session.expire),
        ]),
        Record::Browser { key, seen, idle, .. } => arguments.extend([
            Bytes(key.as_bytes()),
            Number(answers::moment(*seen)),
            Number(answers::millis(*idle)),
            Optional(new_idle.as_deref().map(str::as_bytes)),
            Optional(handle.as_deref().map(str::as_bytes)),
        ]),
        Record::Slot { key, value } => {
            let (kind, name) = owner(&key.owner);
            arguments.extend([Text(kind), Bytes(name), Bytes(answers::tab(key)), Text(&key.name), Bytes(value)]);
        }
    }
}
