//! Where the sessions are, and whether the nodes remember them.

use std::env::VarError;
use std::error::Error;
use std::sync::Arc;

use os_session::{LeaseStore, LeasedStore, PostgresStore, RedisStore, Sessions, SessionsBuilder};

/// The store that the environment names, in the mode that it names.
pub enum AnyStore {
    Postgres(PostgresStore),
    LeasedPostgres(LeasedStore<PostgresStore>),
    Redis(RedisStore),
    LeasedRedis(LeasedStore<RedisStore>),
}

impl AnyStore {
    pub async fn from_environment() -> Result<Self, Box<dyn Error>> {
        let leased = match variable("OS_SESSION_MODE")?.as_deref() {
            None | Some("strict") => false,
            Some("leased") => true,
            Some(other) => return Err(format!("OS_SESSION_MODE is `{other}`; it is `strict` or `leased`").into()),
        };
        Ok(match (variable("DATABASE_URL")?, variable("REDIS_URL")?) {
            (Some(url), None) => {
                let store = PostgresStore::connect(&url).await?;
                if leased { Self::LeasedPostgres(LeasedStore::new(store)?) } else { Self::Postgres(store) }
            }
            (None, Some(url)) => {
                let store = RedisStore::connect(&url).await?;
                if leased { Self::LeasedRedis(LeasedStore::new(store)?) } else { Self::Redis(store) }
            }
            (Some(_), Some(_)) => return Err("DATABASE_URL and REDIS_URL are both set; leave one of them out".into()),
            (None, None) => return Err("neither DATABASE_URL nor REDIS_URL says where the sessions are".into()),
        })
    }

    /// Everything else is the same with each of them.
    pub fn builder(self) -> SessionsBuilder {
        match self {
            Self::Postgres(store) => Sessions::builder().store(store),
            Self::LeasedPostgres(store) => Sessions::builder().store(store),
            Self::Redis(store) => Sessions::builder().store(store),
            Self::LeasedRedis(store) => Sessions::builder().store(store),
        }
    }

    pub fn counts(&self) -> Counts {
        match self {
            Self::Postgres(store) => Counts::strict(store.clone(), PostgresStore::round_trips),
            Self::LeasedPostgres(store) => Counts::leased(store.clone(), PostgresStore::round_trips),
            Self::Redis(store) => Counts::strict(store.clone(), RedisStore::round_trips),
            Self::LeasedRedis(store) => Counts::leased(store.clone(), RedisStore::round_trips),
        }
    }
}

fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is no text")),
    }
}

type Count = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What a node has done.
#[derive(Clone)]
pub struct Counts {
    mode: &'static str,
    all_round_trips: Count,
    from_memory: Count,
    renewals: Count,
    has_lease: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Counts {
    fn strict<S: Send + Sync + 'static>(store: S, round_trips: fn(&S) -> u64) -> Self {
        let all_round_trips = Arc::new(move || round_trips(&store));
        let none: Count = Arc::new(|| 0);
        Self {
            mode: "strict",
            all_round_trips,
            from_memory: none.clone(),
            renewals: none,
            has_lease: Arc::new(|| false),
        }
    }

    fn leased<S: LeaseStore>(store: LeasedStore<S>, round_trips: fn(&S) -> u64) -> Self {
        let (trips, memory, renewing) = (store.clone(), store.clone(), store.clone());
        Self {
            mode: "leased",
            all_round_trips: Arc::new(move || round_trips(trips.store())),
            from_memory: Arc::new(move || memory.found_in_memory()),
            renewals: Arc::new(move || renewing.renewals()),
            has_lease: Arc::new(move || store.holds_lease()),
        }
    }

    pub fn mode(&self) -> &'static str {
        self.mode
    }

    /// What requests asked of the store; that a lease is renewed is no request's doing.
    pub fn round_trips(&self) -> u64 {
        (self.all_round_trips)().saturating_sub(self.renewals())
    }

    pub fn decided_in_memory(&self) -> u64 {
        (self.from_memory)()
    }

    pub fn renewals(&self) -> u64 {
        (self.renewals)()
    }

    pub fn holds_lease(&self) -> bool {
        (self.has_lease)()
    }
}
