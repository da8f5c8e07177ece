//! How the schema comes to be, and who may use it.

use std::time::Duration;

use os_session::testing::Clock;
use os_session::{LeaseStore as _, PostgresStore, SlotKey, SlotOwner, SlotWrite, SlotWritten, Store as _};
use os_session_tests::postgres::{TestSchema, clean_up, client, unique_name};
use os_session_tests::proxy::Proxy;

use crate::{LIMIT, key, session, slot, value};

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_nodes_start_at_once_over_an_empty_database() {
    let schema = TestSchema::new();
    // Whatever the database's default is.
    let serializable = format!("{}?options[default_transaction_isolation]=serializable", schema.url);
    let starts: Vec<_> = (0..16)
        .map(|_| {
            let (builder, url) = (schema.builder().max_connections(1), serializable.clone());
            tokio::spawn(async move { builder.connect(&url).await })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let versions = "select count(*) from migration";
    assert_eq!(schema.client().await.query_one_scalar::<i64, _>(versions, &[]).await.unwrap(), 5);
}

#[tokio::test]
async fn where_the_schema_is_up_to_date_nothing_is_written() {
    let schema = TestSchema::new();
    schema.store(Clock::new()).await;
    let client = schema.client().await;
    let made = "select string_agg(oid::text || xmin::text, ' ' order by oid) from pg_class where relnamespace = $1::text::regnamespace";
    let before: String = client.query_one_scalar(made, &[&schema.name]).await.unwrap();
    let proxy = Proxy::before(&schema.url).await;
    schema.store_at(&proxy.url(), Clock::new()).await;
    assert_eq!(client.query_one_scalar::<String, _>(made, &[&schema.name]).await.unwrap(), before);
    assert!(proxy.trips() <= 4, "and little is asked");
}

#[tokio::test]
async fn a_newer_release_says_whether_this_one_can_go_on() {
    let schema = TestSchema::new();
    let store = schema.store(Clock::new()).await;
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    let client = schema.client().await;
    client.batch_execute("insert into migration (version, compatible_from) values (90, 1)").await.unwrap();
    let again = schema.store(Clock::new()).await;
    assert!(again.find(&key(1)).await.unwrap().is_some());

    client.batch_execute("insert into migration (version, compatible_from) values (91, 90)").await.unwrap();
    let error = schema.builder().connect(&schema.url).await.unwrap_err().to_string();
    assert!(error.contains(&schema.name) && error.contains("version 91") && error.contains("update"), "{error}");
    assert!(store.find(&key(1)).await.unwrap().is_some(), "who runs, runs");
}

/// Where nodes remember, what an older release may not use it may not use after a migration either.
#[tokio::test]
async fn a_migration_lets_nobody_in_again() {
    let schema = TestSchema::new();
    schema.store(Clock::new()).await;
    let client = schema.client().await;
    client
        .batch_execute(
            "delete from migration where version > 4; update migration set compatible_from = 4 where version = 4",
        )
        .await
        .unwrap();
    schema.store(Clock::new()).await;
    let oldest = "select compatible_from from migration order by version desc limit 1";
    assert_eq!(client.query_one_scalar::<i32, _>(oldest, &[]).await.unwrap(), 4);
}

/// Before there were slots.
const AS_VERSION_1: &str = "drop function write_slot_1; drop table slot; drop table slot_owner;
    drop function close_all_with_browsers_1; delete from migration where version >= 2";

#[tokio::test]
async fn sessions_of_the_first_version_are_kept_and_get_slots() {
    let schema = TestSchema::new();
    let (store, client) = (schema.store(Clock::new()).await, schema.client().await);
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    client.batch_execute(AS_VERSION_1).await.unwrap();

    // Whoever connected before goes on.
    let newer = schema.store(Clock::new()).await;
    assert!(store.touch(&key(1)).await.unwrap() && newer.find(&key(1)).await.unwrap().is_some());
    let slot = slot(&key(1));
    assert!(matches!(newer.write_slot(&slot, value("first")).await.unwrap(), SlotWritten::Written(_)));
    assert_eq!(&*newer.slot(&slot).await.unwrap().unwrap().value, b"first");
}

#[tokio::test]
async fn a_release_that_knows_of_no_slots_ends_them_with_their_session() {
    let schema = TestSchema::new();
    let (store, client) = (schema.store(Clock::new()).await, schema.client().await);
    // What the first release closes by, and in the two other ways it is a row that is deleted as well.
    let old_release = "delete from session s using (select moment_1($2) as now) t where s.key = $1
        returning s.user_id, s.handle, s.expires <= t.now as expired";
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    store.insert(session("alice", 2).await, LIMIT).await.unwrap();
    for number in 1..=2 {
        store.write_slot(&slot(&key(number)), value("private")).await.unwrap();
    }
    let closed = client.query(old_release, &[&key(1).as_bytes().as_slice(), &0_i64]).await.unwrap();
    assert_eq!(closed.len(), 1);
    let left = "select (select count(*) from slot) + 10 * (select count(*) from slot_owner)";
    assert_eq!(client.query_one_scalar::<i64, _>(left, &[]).await.unwrap(), 11, "the other session keeps its own");
    assert!(store.slot(&slot(&key(2))).await.unwrap().is_some());
}

#[tokio::test]
async fn nothing_is_left_of_slots_that_were_removed() {
    let schema = TestSchema::new();
    let (store, client) = (schema.store(Clock::new()).await, schema.client().await);
    let slot = SlotKey { owner: SlotOwner::User("alice".into()), ..slot(&key(1)) };
    store.write_slot(&slot, value("first")).await.unwrap();
    store.write_slot(&slot, SlotWrite { value: None, ..value("") }).await.unwrap();
    let left = "select (select count(*) from slot) + (select count(*) from slot_owner)";
    assert_eq!(client.query_one_scalar::<i64, _>(left, &[]).await.unwrap(), 0);
}

/// A role of a test, gone with it.
struct Role {
    name: String,
    schema: TestSchema,
}

impl Role {
    async fn new() -> Self {
        let (name, schema) = (unique_name("role"), TestSchema::new());
        let owner = client(&schema.url).await;
        owner.batch_execute(&format!("create role {name} login")).await.unwrap();
        Self { name, schema }
    }

    fn url(&self) -> String {
        self.schema.url.replacen("postgres@", &format!("{}@", self.name), 1)
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        clean_up(&self.schema.url, &format!("drop owned by {0}; drop role {0}", self.name));
    }
}

#[tokio::test]
async fn a_role_that_may_make_no_schema_uses_one_that_was_made_for_it() {
    let role = Role::new().await;
    let schema = &role.schema;
    let (url, name) = (role.url(), &schema.name);
    let refused = schema.builder().connect(&url).await.unwrap_err().to_string();

    let owner = client(&schema.url).await;
    let script = PostgresStore::migrations(name).unwrap();
    for _ in 0..2 {
        owner.batch_execute(&script).await.unwrap();
    }
    let ungranted = connect_error(&role).await;
    owner
        .batch_execute(&format!(
            "grant usage on schema {name} to {0}; grant select, insert, update, delete on all tables in schema {name} to {0}",
            role.name
        ))
        .await
        .unwrap();
    let store = schema.builder().connect(&url).await.unwrap();
    store.insert(session("alice", 1).await, LIMIT).await.unwrap();
    assert!(store.find(&key(1)).await.unwrap().is_some());
    store.create_group("staff").await.unwrap();
    assert!(store.add_to_group(&"alice".into(), "staff").await.unwrap());
    let slot = slot(&key(1));
    assert!(matches!(store.write_slot(&slot, value("first")).await.unwrap(), SlotWritten::Written(_)));
    assert!(matches!(store.write_slot(&slot, value("second")).await.unwrap(), SlotWritten::Written(_)));
    let joined_at = store.join_leases("node", Duration::from_secs(1)).await.unwrap();
    store.renew_lease("node", joined_at).await.unwrap().expect("it is on the list");
    store.leave_leases("node").await.unwrap();
    assert_eq!(store.close_all(&"alice".into(), None).await.unwrap().len(), 1);

    // What is missing is said at once, and not when somebody wants to log out.
    let tables = owner
        .query("select relname::text from pg_class where relnamespace = to_regnamespace($1) and relkind = 'r'", &[name])
        .await;
    for table in tables.unwrap().iter().map(|row| row.get::<_, String>(0)) {
        let say = async |words: &str| {
            let (words, role) = (words.replace("{table}", &format!("{name}.{table}")), &role.name);
            owner.batch_execute(&words.replace("{role}", role)).await.unwrap();
        };
        say("revoke delete, insert on {table} from {role}").await;
        let missing = format!("delete, insert on {table};");
        let error = connect_error(&role).await;
        assert!(error.contains(&missing) && error.contains("grant select"), "{table}: {error}");
        let error = schema.builder().schema_state(&url).await.unwrap_err().to_string();
        assert!(error.contains(&missing), "{table}: {error}");
        say("grant delete, insert on {table} to {role}").await;
    }
    for error in [refused, ungranted] {
        assert!(error.contains("PostgresStore::migrations") && error.contains("grant"), "{error}");
    }
}

async fn connect_error(role: &Role) -> String {
    role.schema.builder().connect(&role.url()).await.unwrap_err().to_string()
}

/// As a standby is, or a primary that was.
#[tokio::test]
async fn a_server_that_takes_no_writes_is_refused() {
    let role = Role::new().await;
    let owner = client(&role.schema.url).await;
    owner.batch_execute(&PostgresStore::migrations(&role.schema.name).unwrap()).await.unwrap();
    let read_only =
        format!("alter role {0} superuser; alter role {0} set default_transaction_read_only = on", role.name);
    owner.batch_execute(&read_only).await.unwrap();
    let error = connect_error(&role).await;
    assert!(error.contains("does not allow writes") && error.contains("name the primary"), "{error}");
}
