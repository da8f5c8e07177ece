//! Functions with a rule in a task that outlives its request.

use os_session::{BoxError, FromUser, User, connected_rpc, connected_wrapper};
use tokio::sync::oneshot;

use std::sync::Mutex;

use super::*;

#[connected_rpc]
async fn who(user: UserId) -> Result<String, Error> {
    Ok(user.to_string())
}

#[connected_rpc(allow = "staff")]
async fn of_staff(user: UserId) -> Result<String, Error> {
    Ok(user.to_string())
}

#[connected_rpc(deny = "banned")]
async fn not_banned(user: UserId) -> Result<String, Error> {
    Ok(user.to_string())
}

#[connected_wrapper(allow = "staff")]
async fn wrapper() -> Result<String, Error> {
    Ok("in".to_owned())
}

#[connected_wrapper(deny = "banned")]
async fn wrapper_not_banned() -> Result<String, Error> {
    Ok("in".to_owned())
}

#[connected_wrapper(fresh = "1s")]
async fn fresh() -> Result<String, Error> {
    Ok("in".to_owned())
}

/// The application's account, which it may delete. Each load is counted.
#[derive(Clone)]
struct Account(UserId);

#[derive(Clone, Default)]
pub(crate) struct Accounts(Arc<Mutex<(Vec<UserId>, usize)>>);

impl FromUser<Accounts> for Account {
    type Error = BoxError;

    async fn from_user(id: &UserId, accounts: &Accounts) -> Result<Option<Self>, BoxError> {
        let mut accounts = accounts.0.lock().unwrap();
        accounts.1 += 1;
        Ok((!accounts.0.contains(id)).then(|| Self(id.clone())))
    }
}

#[connected_rpc(state = Accounts)]
async fn account(account: Account) -> Result<String, Error> {
    Ok(account.0.to_string())
}

/// A user is asked for by a rule, so a visitor is refused although the function takes an option.
#[connected_rpc(opt, allow = "staff", state = Accounts)]
async fn staff_account(account: Option<User<Account>>) -> Result<String, Error> {
    Ok(account.map_or_else(|| "a visitor".to_owned(), |User(account)| account.0.to_string()))
}

/// A call that a task is to make, and where the result goes.
pub(super) type Call = (&'static str, oneshot::Sender<Result<String, Error>>);
pub(super) type Calls = mpsc::UnboundedSender<Call>;

fn start_task(state: &Tasks) {
    let (calls, mut received) = mpsc::unbounded_channel::<Call>();
    state.started.send(calls).unwrap();
    os_session::spawn(async move {
        while let Some((function, done)) = received.recv().await {
            let result = match function {
                "who" => who().await,
                "of_staff" => of_staff().await,
                "not_banned" => not_banned().await,
                "wrapper" => wrapper().await,
                "wrapper_not_banned" => wrapper_not_banned().await,
                "fresh" => fresh().await,
                "account" => account().await,
                "staff_account" => staff_account().await,
                "connect" => match Session::current() {
                    Ok(session) => session.connect("mallory").await.map(|()| "in".to_owned()),
                    Err(error) => Err(error),
                },
                other => panic!("{other} is no function"),
            };
            done.send(result).unwrap();
        }
    });
}

#[derive(Clone)]
struct Tasks {
    started: mpsc::UnboundedSender<Calls>,
}

#[connected]
async fn start(State(tasks): State<Tasks>) {
    start_task(&tasks);
}

/// Its rule does not wait for the session.
#[connected(opt)]
async fn start_anyway(State(tasks): State<Tasks>) {
    start_task(&tasks);
}

#[connected(opt)]
async fn log_in_and_start(session: Session, State(tasks): State<Tasks>, Path(user): Path<String>) -> Result<(), Error> {
    session.connect(user).await?;
    start_task(&tasks);
    Ok(())
}

struct Worker {
    app: Router,
    sessions: Sessions,
    clock: Clock,
    accounts: Accounts,
    started: mpsc::UnboundedReceiver<Calls>,
}

impl Worker {
    async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(configure: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        let (clock, accounts) = (Clock::new(), Accounts::default());
        let builder = Sessions::builder().store(MemoryStore::with_clock(clock.clone())).state(accounts.clone());
        let sessions = configure(builder).build().await.unwrap();
        for group in ["admin", "staff", "banned"] {
            sessions.groups().create(group).await.unwrap();
        }
        let (sender, started) = mpsc::unbounded_channel();
        let app = routing::Router::new()
            .route("/start", post(start))
            .route("/start-anyway", post(start_anyway))
            .route("/log-in-and-start/{user}", post(log_in_and_start))
            .route("/anyone", get(plain))
            .route("/confirm", post(confirm))
            .with_state(Tasks { started: sender })
            .with_sessions(&sessions)
            .unwrap();
        Self { app, sessions, clock, accounts, started }
    }

    /// A browser in which that user is logged in, and a task that one of its requests has started.
    /// The request logs in itself, or finds the user logged in.
    async fn start(&mut self, user: &str, logs_in: bool) -> (Browser, Calls) {
        let mut browser = Browser::new(&self.app);
        if logs_in {
            assert_eq!(browser.post(&format!("/log-in-and-start/{user}"), &[]).await.status(), 200);
        } else {
            browser.connect(&self.sessions, user).await.unwrap();
            assert_eq!(browser.post("/start", &[]).await.status(), 200);
        }
        (browser, self.started.recv().await.unwrap())
    }

    /// Lets that much time pass, for the store and for the process.
    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        tokio::time::advance(time).await;
    }

    async fn join(&self, user: &str, group: &str) {
        self.sessions.groups().add_user_in_group(user, group).await.unwrap();
    }
}

#[connected]
async fn plain() {}

async fn call(calls: &Calls, function: &'static str) -> Result<String, Error> {
    let (done, result) = oneshot::channel();
    calls.send((function, done)).unwrap();
    result.await.unwrap()
}

const SECOND: Duration = Duration::from_millis(1_001);

#[tokio::test(start_paused = true)]
async fn a_task_looks_again_after_a_second_whether_its_request_logged_in_or_not() {
    for logs_in in [false, true] {
        let mut worker = Worker::new().await;
        worker.join("alice", "staff").await;
        let (_browser, calls) = worker.start("alice", logs_in).await;
        for function in ["who", "of_staff", "not_banned", "wrapper", "fresh", "account", "staff_account"] {
            assert!(call(&calls, function).await.is_ok(), "{function}");
        }
        worker.sessions.disconnect_all("alice").await.unwrap();
        worker.pass(SECOND).await;
        for function in ["who", "of_staff", "not_banned", "wrapper", "fresh", "account", "staff_account"] {
            let result = call(&calls, function).await;
            assert!(
                matches!(result, Err(Error::NotConnected | Error::PermissionDenied)),
                "{function} after the log-out, logs_in {logs_in}: {result:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_is_refused_for_a_lost_group_a_ban_and_an_old_proof() {
    for logs_in in [false, true] {
        let mut worker = Worker::new().await;
        worker.join("alice", "staff").await;
        let (_browser, calls) = worker.start("alice", logs_in).await;
        for function in ["of_staff", "wrapper", "not_banned", "wrapper_not_banned", "fresh"] {
            assert!(call(&calls, function).await.is_ok(), "{function}");
        }
        worker.sessions.groups().remove_user_in_group("alice", "staff").await.unwrap();
        worker.join("alice", "banned").await;
        worker.pass(SECOND).await;
        for function in ["of_staff", "wrapper", "not_banned", "wrapper_not_banned"] {
            assert!(matches!(call(&calls, function).await, Err(Error::PermissionDenied)), "{function}, {logs_in}");
        }
        assert!(matches!(call(&calls, "fresh").await, Err(Error::NotFresh)), "{logs_in}");
        assert_eq!(call(&calls, "who").await.unwrap(), "alice");
    }
}

#[tokio::test(start_paused = true)]
async fn the_groups_of_a_provider_are_asked_for_again() {
    let members = Arc::new(Mutex::new(vec!["staff"]));
    let groups = members.clone();
    let provider = move |_: UserId| std::future::ready(groups.lock().unwrap().clone());
    let mut worker = Worker::with(|builder| builder.groups(["staff", "admin", "banned"], provider)).await;
    let (_browser, calls) = worker.start("alice", false).await;
    assert!(call(&calls, "of_staff").await.is_ok());
    members.lock().unwrap().clear();
    assert!(call(&calls, "of_staff").await.is_ok(), "groups are asked for once a look");
    worker.pass(SECOND).await;
    assert!(matches!(call(&calls, "of_staff").await, Err(Error::PermissionDenied)));
}

#[tokio::test(start_paused = true)]
async fn a_task_goes_on_when_another_request_exchanges_the_token() {
    for logs_in in [false, true] {
        let mut worker = Worker::new().await;
        let (mut browser, calls) = worker.start("alice", logs_in).await;
        worker.pass(SECOND).await;
        assert_eq!(browser.post("/confirm", &[]).await.status(), 200);
        worker.pass(SECOND).await;
        assert_eq!(call(&calls, "who").await.unwrap(), "alice");
        assert!(matches!(call(&calls, "fresh").await, Err(Error::NotFresh)));
        assert_eq!(browser.post("/confirm", &[]).await.status(), 200);
        worker.pass(SECOND).await;
        assert_eq!(call(&calls, "who").await.unwrap(), "alice");
        worker.sessions.disconnect_all("alice").await.unwrap();
        worker.pass(SECOND).await;
        assert!(matches!(call(&calls, "who").await, Err(Error::NotConnected)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_is_loaded_once_a_look_and_ends_its_session_when_it_is_gone() {
    let mut worker = Worker::new().await;
    worker.join("alice", "staff").await;
    let (mut browser, calls) = worker.start("alice", false).await;
    let loads = |worker: &Worker| worker.accounts.0.lock().unwrap().1;
    for _ in 0..3 {
        assert_eq!(call(&calls, "account").await.unwrap(), "alice");
    }
    assert_eq!(loads(&worker), 1);
    worker.pass(SECOND).await;
    for _ in 0..3 {
        assert_eq!(call(&calls, "account").await.unwrap(), "alice");
    }
    assert_eq!(loads(&worker), 2, "once more for the second look");

    worker.accounts.0.lock().unwrap().0.push("alice".into());
    worker.pass(SECOND).await;
    let result = call(&calls, "staff_account").await;
    assert!(matches!(result, Err(Error::NotConnected)), "the rule has `allow`: {result:?}");
    assert!(matches!(call(&calls, "account").await, Err(Error::NotConnected)));
    assert_eq!(browser.get("/anyone").await.status(), 401, "the session has ended");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_no_activity_of_the_session() {
    const MINUTE: Duration = Duration::from_mins(1);
    for logs_in in [false, true] {
        let mut worker =
            Worker::with(|builder| builder.lifetime(10 * MINUTE, 600 * MINUTE).touch_interval(MINUTE)).await;
        let (mut browser, calls) = worker.start("alice", logs_in).await;
        for _ in 0..9 {
            worker.pass(MINUTE).await;
            assert!(call(&calls, "who").await.is_ok());
            assert!(call(&calls, "wrapper").await.is_err());
        }
        worker.pass(2 * MINUTE).await;
        assert!(matches!(call(&calls, "who").await, Err(Error::NotConnected)), "the session was idle, {logs_in}");
        assert_eq!(browser.get("/anyone").await.status(), 401);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_look_is_no_activity_either_once_the_response_has_left() {
    const MINUTE: Duration = Duration::from_mins(1);
    let mut worker = Worker::with(|builder| builder.lifetime(10 * MINUTE, 600 * MINUTE).touch_interval(MINUTE)).await;
    let mut browser = Browser::connected(&worker.app, &worker.sessions, "alice").await.unwrap();
    worker.pass(9 * MINUTE).await;
    assert_eq!(browser.post("/start-anyway", &[]).await.status(), 200);
    let calls = worker.started.recv().await.unwrap();
    assert_eq!(call(&calls, "who").await.unwrap(), "alice");
    worker.pass(2 * MINUTE).await;
    assert!(matches!(call(&calls, "who").await, Err(Error::NotConnected)));
    assert_eq!(browser.get("/anyone").await.status(), 401);
}

#[tokio::test(start_paused = true)]
async fn a_task_cannot_log_in() {
    let mut worker = Worker::new().await;
    let (_browser, calls) = worker.start("alice", false).await;
    let result = call(&calls, "connect").await;
    assert!(matches!(result, Err(Error::AnswerSent)), "no cookie can be sent: {result:?}");
    assert!(worker.sessions.of_user("mallory").await.unwrap().is_empty());
    assert_eq!(call(&calls, "who").await.unwrap(), "alice");
}
