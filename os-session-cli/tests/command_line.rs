//! The command as its users run it, against real stores.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use os_session::testing::Clock;
use os_session::{
    BrowserKey, Expected, Found, GroupSet, LeaseStore, LeasedStore, Limit, NewBrowser, NewSession, Record,
    RecordCounts, RedisStore, SessionHandle, SessionKey, SlotKey, SlotLimits, SlotOwner, SlotWrite, SqliteStore, Store,
    StoreError, TabKey, WhenFull,
};
use os_session_tests::postgres::TestSchema;
use os_session_tests::redis::{RedisServer, TestPrefix};
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the command came to.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn json(&self) -> Value {
        let said: Value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out));
        assert_eq!(said["version"], 1);
        said
    }

    /// The exit code and all that was said.
    fn said(&self) -> (i32, String) {
        (self.code, format!("{}{}", self.out, self.err))
    }
}

/// The options that name a store of a test.
trait Named {
    fn named(&self) -> Vec<String>;
}

impl Named for TestSchema {
    fn named(&self) -> Vec<String> {
        vec!["--store".into(), self.url.clone(), "--schema".into(), self.name.clone()]
    }
}

impl Named for TestPrefix {
    fn named(&self) -> Vec<String> {
        vec!["--store".into(), self.url.clone(), "--prefix".into(), self.name.clone()]
    }
}

struct TestFile(TempDir);

impl TestFile {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("app.db")
    }
}

impl Named for TestFile {
    fn named(&self) -> Vec<String> {
        vec!["--store".into(), format!("sqlite:{}", self.path().display())]
    }
}

/// Runs the command on a thread of its own, so that what the test has started goes on.
async fn run(store: &impl Named, words: &[&str]) -> Ran {
    let words: Vec<String> = store.named().into_iter().chain(words.iter().map(ToString::to_string)).collect();
    tokio::task::spawn_blocking(move || {
        let mut command = Command::cargo_bin("os-session").unwrap();
        let ran = command.env_remove("OS_SESSION_STORE").args(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: ran.status.code().unwrap(), out: text(ran.stdout), err: text(ran.stderr) }
    })
    .await
    .unwrap()
}

const MANY: Limit = Limit { sessions: NonZeroU32::new(50).unwrap(), when_full: WhenFull::CloseOldest };

fn key(number: u8) -> SessionKey {
    SessionKey::from_bytes([number; 32])
}

fn session(number: u8, user: &str) -> NewSession {
    NewSession::new(key(number), user, SessionHandle::from_u64(u64::from(number) << 56 | 0xab))
}

fn slot(owner: SlotOwner, tab: Option<u8>) -> SlotKey {
    SlotKey { owner, tab: tab.map(|number| TabKey::from_bytes([number; 32])), name: "cart".into() }
}

fn write(value: &[u8]) -> SlotWrite {
    SlotWrite {
        expected: Expected::Any,
        value: Some(value.into()),
        limits: SlotLimits { slots: NonZeroU32::new(9).unwrap(), tabs: NonZeroU32::new(2).unwrap() },
        new_browser: Some(NewBrowser { idle: Duration::from_hours(24), session: Some(session(1, "ann").handle) }),
    }
}

fn browser() -> BrowserKey {
    BrowserKey::from_bytes([9; 32])
}

/// All slots that [`fill`] writes.
fn slots() -> Vec<(SlotKey, Vec<u8>)> {
    vec![
        (slot(SlotOwner::Session(key(1)), None), b"of the session".to_vec()),
        (slot(SlotOwner::Session(key(1)), Some(1)), b"of the older tab".to_vec()),
        (slot(SlotOwner::Session(key(1)), Some(2)), b"of the newer tab".to_vec()),
        (slot(SlotOwner::User("ann".into()), None), b"\0\xff: of the user".to_vec()),
        (slot(SlotOwner::Browser(browser()), None), b"of the browser".to_vec()),
    ]
}

/// One of everything, and of sessions what is out of the ordinary.
async fn fill(store: &impl Store, clock: &Clock) {
    let mut named = session(1, "ann");
    named.device = Some("Firefox on Linux".into());
    store.insert(named, MANY).await.unwrap();
    let mut for_ever = session(2, "ann");
    (for_ever.idle, for_ever.absolute, for_ever.expire) = (Duration::MAX, Duration::MAX, true);
    store.insert(for_ever, MANY).await.unwrap();
    let mut over = session(3, "bob");
    over.idle = Duration::from_millis(1);
    store.insert(over, MANY).await.unwrap();
    clock.advance(Duration::from_secs(2));
    store.touch(&key(1)).await.unwrap();
    for group in ["staff", "nobody is in it"] {
        store.create_group(group).await.unwrap();
    }
    for user in ["ann", "has no session"] {
        store.add_to_group(&user.into(), "staff").await.unwrap();
    }
    for (slot, value) in slots() {
        store.write_slot(&slot, write(&value)).await.unwrap();
    }
}

/// What a look-up says, without the moment at which it was made.
fn timeless(found: Option<Found>) -> Option<Found> {
    found.map(|found| Found { now: found.opened, ..found })
}

/// A file with one of everything, that nobody owns, and what its sessions are.
async fn filled() -> (TestFile, Vec<Option<Found>>) {
    let file = TestFile::new();
    let clock = Clock::new();
    let store = SqliteStore::builder().clock(clock.clone()).open(file.path()).await.unwrap();
    fill(&store, &clock).await;
    let found = [timeless(store.find(&key(1)).await.unwrap()), timeless(store.find(&key(2)).await.unwrap())];
    (file, found.into())
}

/// Everything that [`fill`] wrote is there, and works as it did.
async fn assert_moved(store: &impl Store, were: &[Option<Found>]) {
    for (number, was) in (1..).zip(were) {
        assert!(was.is_some());
        assert_eq!(&timeless(store.find(&key(number)).await.unwrap()), was);
    }
    let listed = store.list(&"ann".into()).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().any(|session| session.device.as_deref() == Some("Firefox on Linux")));
    assert_eq!(store.all_groups().await.unwrap(), ["nobody is in it", "staff"]);
    assert!(store.in_group(&"has no session".into(), "staff").await.unwrap());
    assert!(!store.in_group(&"bob".into(), "staff").await.unwrap());
    for (slot, value) in slots() {
        assert_eq!(store.slot(&slot).await.unwrap().map(|slot| slot.value.to_vec()), Some(value), "{slot:?}");
    }

    // The tab that was used last stays, where two are allowed.
    let third = slot(SlotOwner::Session(key(1)), Some(3));
    store.write_slot(&third, write(b"of a third tab")).await.unwrap();
    let held = |tab| store.slot(Box::leak(Box::new(slot(SlotOwner::Session(key(1)), Some(tab)))));
    assert!(held(1).await.unwrap().is_none() && held(2).await.unwrap().is_some());

    // Whose session was over when it was copied is told.
    let purged = store.purge(10).await.unwrap();
    assert_eq!(purged.iter().map(|ended| ended.user.as_str()).collect::<Vec<_>>(), ["bob"]);
    store.close_all_with_browsers(&"ann".into()).await.unwrap();
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert_eq!(store.slot(&slot(SlotOwner::Browser(browser()), None)).await.unwrap(), None);
}

async fn copy(file: &Path, to: &impl Named) -> Ran {
    run(to, &["--json", "copy", "--from", file.to_str().unwrap()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_copied_to_postgresql_with_everything_in_it() {
    let (file, were) = filled().await;
    let schema = TestSchema::new();
    // As it is written for a store.
    let ran = copy(format!("sqlite:{}", file.path().display()).as_ref(), &schema).await;
    assert_eq!(ran.code, 0, "{:?}", ran.said());
    let said = ran.json();
    let counts = ["sessions", "groups", "members", "browsers", "slots"].map(|kind| said[kind].as_u64());
    assert_eq!(counts, [Some(3), Some(2), Some(2), Some(1), Some(5)]);
    assert_moved(&schema.store(Clock::new()).await, &were).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_copied_to_redis_with_everything_in_it() {
    let (file, were) = filled().await;
    let prefix = TestPrefix::new();
    let ran = copy(&file.path(), &prefix).await;
    assert_eq!(ran.code, 0, "{:?}", ran.said());
    assert_eq!(ran.json()["slots"], 5);
    assert_moved(&prefix.store(Clock::new()).await, &were).await;
    let left: Vec<_> = prefix.keys().into_iter().filter(|key| key != "counter").collect();
    assert_eq!(left, ["groups", "groups-of:ann", "groups-of:has no session", "slots:user:ann"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_is_neither_copied_nor_copied_over() {
    let (file, _) = filled().await;
    let (schema, prefix) = (TestSchema::new(), TestPrefix::new());
    schema.store(Clock::new()).await.insert(session(7, "eve"), MANY).await.unwrap();
    prefix.store(Clock::new()).await.insert(session(7, "eve"), MANY).await.unwrap();
    for ran in [copy(&file.path(), &schema).await, copy(&file.path(), &prefix).await] {
        assert!(ran.code == 1 && ran.json()["error"].as_str().unwrap().contains("already"), "{:?}", ran.said());
    }
    assert_eq!(schema.store(Clock::new()).await.all_groups().await.unwrap(), [""; 0]);
    assert!(prefix.store(Clock::new()).await.find(&key(7)).await.unwrap().is_some());

    let _server = SqliteStore::open(file.path()).await.unwrap();
    let ran = copy(&file.path(), &TestSchema::new()).await;
    assert!(ran.code == 1 && ran.err.contains("in use by process"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgresql_cannot_keep_is_told_and_nothing_is_copied() {
    let (file, _) = filled().await;
    let store = SqliteStore::open(file.path()).await.unwrap();
    store.write_slot(&slot(SlotOwner::User("a\0b".into()), None), write(b"")).await.unwrap();
    drop(store);
    let schema = TestSchema::new();
    let ran = copy(&file.path(), &schema).await;
    assert!(ran.code == 1 && ran.err.contains("the user id has one"), "{:?}", ran.said());
    let store = schema.store(Clock::new()).await;
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert_eq!(store.all_groups().await.unwrap(), [""; 0]);
}

/// Records that end with a failure.
fn half_of(records: &mut Vec<Vec<Record>>) -> Result<Option<Vec<Record>>, StoreError> {
    records.pop().map(Some).ok_or_else(|| StoreError::new("the disk is gone"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_uses_a_redis_where_a_copy_broke_off_until_it_is_copied_again() {
    let (file, were) = filled().await;
    let prefix = TestPrefix::new();
    let target = prefix.builder().for_import().connect(&prefix.url).await.unwrap();
    let mut some = vec![vec![
        Record::Group("left behind".into()),
        Record::Member { user: "eve".into(), group: "left behind".into() },
    ]];
    let error = target.import(async || half_of(&mut some)).await.unwrap_err();
    assert_eq!(error.to_string(), "the disk is gone");

    let refused = prefix.builder().connect(&prefix.url).await.unwrap_err().to_string();
    assert!(refused.contains("copy again"), "{refused}");
    let ran = run(&prefix, &["groups", "list"]).await;
    assert!(ran.code == 1 && ran.err.contains("copy again"), "{:?}", ran.said());

    assert_eq!(copy(&file.path(), &prefix).await.code, 0);
    let store: RedisStore = prefix.store(Clock::new()).await;
    assert!(!store.in_group(&"eve".into(), "left behind").await.unwrap());
    assert_eq!(timeless(store.find(&key(1)).await.unwrap()), were[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_to_postgresql_that_breaks_off_leaves_nothing() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    let mut some =
        vec![vec![Record::Group("staff".into()), Record::Member { user: "eve".into(), group: "staff".into() }]];
    store.import(async || half_of(&mut some)).await.unwrap_err();
    assert_eq!(store.all_groups().await.unwrap(), [""; 0]);
    let nothing = store.import(async || Ok(None)).await.unwrap();
    assert_eq!(nothing, RecordCounts::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_and_changes_nothing() {
    let (schema, file) = (TestSchema::new(), TestFile::new());
    for ran in [run(&schema, &["--json", "check"]).await, run(&file, &["--json", "check"]).await] {
        assert!(ran.code == 3 && ran.json()["ready"] == false, "{:?}", ran.said());
    }
    let made = "select count(*) from pg_namespace where nspname = $1";
    let schemas: i64 = schema.client().await.query_one(made, &[&schema.name]).await.unwrap().get(0);
    assert_eq!(schemas, 0);
    assert!(!file.path().exists());
    // Nor does a question.
    for ran in [run(&schema, &["groups", "list"]).await, run(&file, &["groups", "list"]).await] {
        assert!(ran.code == 1 && ran.err.contains("os-session migrate"), "{:?}", ran.said());
    }
    assert!(!file.path().exists());

    for ran in [run(&schema, &["migrate"]).await, run(&file, &["migrate"]).await] {
        assert!(ran.code == 0 && ran.out.contains("ready"), "{:?}", ran.said());
    }
    for ran in [run(&schema, &["check"]).await, run(&file, &["check"]).await, run(&TestPrefix::new(), &["check"]).await]
    {
        assert!(ran.code == 0 && ran.out.contains("ready"), "{:?}", ran.said());
    }

    schema
        .client()
        .await
        .batch_execute("update migration set version = 9, compatible_from = 9 where version = (select max(version) from migration)")
        .await
        .unwrap();
    let ran = run(&schema, &["check"]).await;
    assert!(ran.code == 3 && ran.out.contains("update it"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_the_settings_under_which_a_log_out_may_be_forgotten() {
    let url = format!("{}?options[synchronous_commit]=off", os_session_tests::postgres::url());
    let ran = run(&By(&url), &["check", "--schema", "nobody_made_it"]).await;
    assert!(ran.code == 3 && ran.out.contains("advice: `synchronous_commit` is off"), "{:?}", ran.said());
    let server = RedisServer::with(&["--appendonly", "no"]);
    let ran = run(&TestPrefix::at(server.url()), &["--json", "check"]).await;
    assert!(ran.code == 0 && ran.json()["advice"][0].as_str().unwrap().contains("appendonly"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked_while_its_server_runs() {
    let file = TestFile::new();
    let _server = SqliteStore::open(file.path()).await.unwrap();
    assert_eq!(run(&file, &["check"]).await.code, 0);
    let ran = run(&file, &["groups", "list"]).await;
    assert!(ran.code == 1 && ran.err.contains("one owner"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_script_makes_the_schema() {
    let schema = TestSchema::new();
    let ran = run(&schema, &["migrate", "--print"]).await;
    os_session_tests::postgres::client(&schema.url).await.batch_execute(&ran.out).await.unwrap();
    assert_eq!(run(&schema, &["check"]).await.code, 0);
}

/// What is said of sessions and groups, of any store that has [`fill`]'s.
async fn assert_manages(store: &impl Named) {
    let listed = run(store, &["--json", "sessions", "list", "ann"]).await.json();
    let handles: Vec<_> =
        listed["sessions"].as_array().unwrap().iter().map(|session| session["handle"].clone()).collect();
    assert_eq!(handles, ["01000000000000ab", "02000000000000ab"]);
    assert_eq!(listed["sessions"][0]["device"], "Firefox on Linux");
    let ran = run(store, &["sessions", "list", "ann"]).await;
    assert!(
        ran.out.starts_with("01000000000000ab  opened 20") && ran.out.contains("Firefox on Linux\n"),
        "{}",
        ran.out
    );

    let close = ["--json", "sessions", "close", "ann", "01000000000000ab"];
    assert_eq!(run(store, &close).await.json()["closed"], 1);
    let again = run(store, &close).await;
    assert!(again.code == 3 && again.json()["closed"] == 0);
    assert_eq!(run(store, &["--json", "sessions", "close", "ann", "--all"]).await.json()["closed"], 1);
    assert_eq!(
        run(store, &["sessions", "close-everybody"]).await.out,
        "closed 0 sessions\n",
        "who is over is told of by a purge"
    );
    assert_eq!(run(store, &["--json", "sessions", "purge"]).await.json()["purged"], 1);

    assert_eq!(run(store, &["groups", "list"]).await.out, "nobody is in it\nstaff\n");
    assert_eq!(run(store, &["groups", "create", "new"]).await.code, 0);
    assert_eq!(run(store, &["groups", "add", "bob", "new"]).await.code, 0);
    assert_eq!(run(store, &["--json", "groups", "of", "bob"]).await.json()["groups"], serde_json::json!(["new"]));
    assert_eq!(run(store, &["groups", "remove", "bob", "new"]).await.code, 0);
    assert_eq!(run(store, &["groups", "of", "bob"]).await.out, "no group\n");
    let ran = run(store, &["groups", "add", "bob", "misspelt"]).await;
    assert!(ran.code == 3 && ran.out.contains("groups create"), "{:?}", ran.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_groups_in_a_file() {
    let (file, _) = filled().await;
    assert_manages(&file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_groups_in_postgresql() {
    let (file, _) = filled().await;
    let schema = TestSchema::new();
    copy(&file.path(), &schema).await;
    assert_manages(&schema).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_groups_in_redis() {
    let (file, _) = filled().await;
    let prefix = TestPrefix::new();
    copy(&file.path(), &prefix).await;
    assert_manages(&prefix).await;
}

/// A node that remembers admits nobody any more when the command has returned.
async fn assert_obeys_leases<S: LeaseStore>(store: S, named: &impl Named) {
    store.create_group("staff").await.unwrap();
    store.add_to_group(&"ann".into(), "staff").await.unwrap();
    store.insert(session(1, "ann"), MANY).await.unwrap();
    let node = LeasedStore::builder(store).lease(Duration::from_secs(5)).start().unwrap();
    while !node.holds_lease() {
        tokio::task::yield_now().await;
    }
    let admitted = node.find(&key(1)).await.unwrap().expect("a live session");
    assert_eq!(admitted.groups, ["staff"].iter().collect());
    assert!(node.find_now(&key(1)).is_some(), "it is remembered");

    assert_eq!(run(named, &["groups", "remove", "ann", "staff"]).await.code, 0);
    let admitted = node.find(&key(1)).await.unwrap().expect("still a live session");
    assert_eq!(admitted.groups, GroupSet::default());
    assert_eq!(run(named, &["sessions", "close", "ann", "--all"]).await.code, 0);
    assert_eq!(node.find(&key(1)).await.unwrap(), None);

    for number in 2..=4 {
        node.insert(session(number, "bob"), MANY).await.unwrap();
        assert!(node.find(&key(number)).await.unwrap().is_some() && node.find_now(&key(number)).is_some());
    }
    assert_eq!(run(named, &["--json", "sessions", "close-everybody"]).await.json()["closed"], 3);
    for number in 2..=4 {
        assert_eq!(node.find(&key(number)).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_lease_on_postgresql_obeys() {
    let schema = TestSchema::new();
    assert_obeys_leases(schema.store(Clock::new()).await, &schema).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_lease_on_redis_obeys() {
    let prefix = TestPrefix::new();
    assert_obeys_leases(prefix.store(Clock::new()).await, &prefix).await;
}

/// A store that is named by hand.
struct By<'a>(&'a str);

impl Named for By<'_> {
    fn named(&self) -> Vec<String> {
        match self.0 {
            "" => Vec::new(),
            address => vec!["--store".into(), address.into(), "--deadline".into(), "500ms".into()],
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_nowhere_is_told_without_its_password() {
    for address in ["postgres://app:hunter2@127.0.0.1:1/app", "redis://app:hunter2@127.0.0.1:1"] {
        let (code, said) = run(&By(address), &["check"]).await.said();
        assert!(code == 1 && said.starts_with("os-session: ") && !said.contains("hunter2"), "{said}");
        assert!(said.contains("(at 127.0.0.1:1)"), "where it looked: {said}");
    }
    // What is not written as a URL wants it must not be shown as a host.
    for address in
        ["postgres://app:hunter2@x@127.0.0.1/app", "postgres://hunter2#x@127.0.0.1/app", "redis://hunter2#x@a"]
    {
        let (code, said) = run(&By(address), &["check"]).await.said();
        assert!(code == 1 && said.contains("%40") && !said.contains("hunter2"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_the_command_line_are_told_apart() {
    for address in ["mysql://app:hunter2@127.0.0.1/app", "sqlite:", "app.db"] {
        let (code, said) = run(&By(address), &["check"]).await.said();
        assert!(code == 2 && said.contains("sqlite:path") && !said.contains("hunter2"), "{said}");
    }
    let (code, said) = run(&By(""), &["check"]).await.said();
    assert!(code == 2 && said.contains("--store") && said.contains("OS_SESSION_STORE"), "{said}");
    let schema = TestSchema::new();
    for words in [
        &["sessions", "close", "ann"][..],
        &["sessions", "close", "ann", "no handle"],
        // A variable of a shell that is not set.
        &["sessions", "close", "", "--all"],
        &["groups", "add", " ", "staff"],
        &["groups", "create", ""],
    ] {
        let (code, said) = run(&schema, words).await.said();
        assert!(code == 2 && said.starts_with("error: "), "{words:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_no_empty_store() {
    let file = TestFile::new();
    let ran = run(&file, &["check"]).await;
    assert!(ran.code == 3 && ran.out.contains("there is no file"), "{:?}", ran.said());
    assert_eq!(run(&file, &["--json", "check"]).await.json()["ready"], false);
    let ran = run(&file, &["sessions", "list", "ann"]).await;
    assert!(ran.code == 1 && ran.err.contains("there is no file"), "{:?}", ran.said());
    assert!(!file.path().exists());
}
