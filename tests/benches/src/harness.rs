//! The request, the loop and the table, shared by every case so that nothing but the case differs.
//!
//! The program that calls [`main`] measures all of its cases and prints one table. It starts itself again for
//! what needs a process of its own: `run CASE N` under callgrind, `sessions CASE N` for memory.

use std::{
    env,
    fmt::Write as _,
    fs,
    future::Future,
    hint::black_box,
    pin::Pin,
    process::Command,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use tower::Service as _;

use crate::allocator::Allocations;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

const CALLGRIND_REQUESTS: u64 = 2_000;
/// Short rounds, and many: each takes a few milliseconds, so that some are not interrupted even on a busy machine.
const TIMED_REQUESTS: u32 = 2_000;
const TIMED_ROUNDS: usize = 70;
const SESSIONS: u64 = 1_000_000;

/// Which of the two requests a case answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// The request is made and dropped. The price of measuring.
    Nothing,
    /// `GET /me` with a session cookie: admitted by one group.
    Protected,
    /// `GET /about` without one: open to all.
    Public,
}

/// An application ready to be asked.
pub struct Prepared {
    shape: Shape,
    router: Router,
    request: Request<()>,
    answer: &'static str,
}

impl Prepared {
    /// `session` is the cookie, `name=value`, that a protected request carries; `answer` the text that it must get,
    /// so that nobody is measured while refusing.
    #[must_use]
    pub fn new(shape: Shape, router: Router, session: &str, answer: &'static str) -> Self {
        // As `axum::serve` does it, once a connection: handlers become services here and not at every request.
        let router = router.with_state(());
        Self { shape, router, request: session_request(shape, session), answer }
    }

    /// One request, as `axum::serve` passes it on.
    pub async fn ask(&self) {
        // A clone costs what hyper pays: one map of fields, whose values share the buffer they were read into.
        let request = self.request.clone().map(|()| Body::empty());
        if self.shape == Shape::Nothing {
            drop(black_box(request));
            return;
        }
        let response = match self.router.clone().call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        assert_eq!(response.status(), StatusCode::OK);
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            black_box(frame).expect("the body arrives whole");
        }
    }

    /// Asks once and compares the whole answer.
    pub async fn check(&self) {
        if self.shape == Shape::Nothing {
            return;
        }
        let (status, _, text) = send(&self.router, self.request.clone()).await;
        assert_eq!((status, text.as_str()), (StatusCode::OK, self.answer), "the answer to {}", self.request.uri());
    }

    /// Asks `count` times.
    pub async fn ask_many(&self, count: u64) {
        for _ in 0..count {
            self.ask().await;
        }
    }

    /// Allocations of one request, all warm. The same every time, so the mean of many is a whole number.
    pub async fn allocations(&self) -> Allocations {
        const MANY: u64 = 1_000;
        self.ask_many(MANY).await;
        let before = Allocations::now();
        self.ask_many(MANY).await;
        let all = Allocations::now() - before;
        let one = |total: u64| (total + MANY / 2) / MANY;
        Allocations { count: one(all.count), bytes: one(all.bytes), freed: one(all.freed) }
    }
}

/// A browser's navigation, with `session` as the last of three cookies if the shape is a protected one.
#[must_use]
pub fn session_request(shape: Shape, session: &str) -> Request<()> {
    let strangers = "theme=dark; _ga=GA1.1.1234567890.1700000000";
    let (path, cookie) = match shape {
        Shape::Public => ("/about", strangers.to_owned()),
        Shape::Protected | Shape::Nothing => ("/me", format!("{strangers}; {session}")),
    };
    browser(Method::GET, path).header(header::COOKIE, cookie).body(()).expect("a well-formed request")
}

/// `POST path` from the same site, as a log-in form sends it.
#[must_use]
pub fn post(path: &str) -> Request<()> {
    browser(Method::POST, path).body(()).expect("a well-formed request")
}

fn browser(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "app.example.org")
        .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
        .header(header::ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        .header(header::ACCEPT_LANGUAGE, "en-GB,en;q=0.5")
        .header(header::ACCEPT_ENCODING, "gzip, deflate, br")
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-user", "?1")
}

/// Sends one request and gives status, the cookies that the answer sets (`name=value`), and text.
pub async fn send(router: &Router, request: Request<()>) -> (StatusCode, Vec<String>, String) {
    let Ok(response) = router.clone().call(request.map(|()| Body::empty())).await;
    let (parts, body) = response.into_parts();
    let cookies = parts.headers.get_all(header::SET_COOKIE).iter();
    let cookies = cookies.filter_map(|value| Some(value.to_str().ok()?.split(';').next()?.to_owned())).collect();
    let body = body.collect().await.expect("the body arrives whole").to_bytes();
    (parts.status, cookies, String::from_utf8_lossy(&body).into_owned())
}

/// Logs `user` in at `POST /login/{user}` and gives the session cookie, whose name starts with `name`.
pub async fn log_in(router: &Router, user: &str, name: &str) -> String {
    let (status, cookies, text) = send(router, post(&format!("/login/{user}"))).await;
    assert!(status.is_success(), "log-in: {status} {text}");
    cookies.into_iter().find(|cookie| cookie.starts_with(name)).expect("log-in sets the session cookie")
}

/// Logs in as many users as asked for, each once, and gives the router, which holds their sessions.
pub async fn log_in_many(router: Router, users: u64) -> Router {
    for user in 0..users {
        let (status, ..) = send(&router, post(&format!("/login/user-{user}"))).await;
        assert!(status.is_success());
    }
    router
}

/// Something that holds sessions until it is dropped.
pub type Held = Box<dyn std::any::Any>;

/// One row of the table.
pub struct Case {
    name: &'static str,
    shape: Shape,
    prepare: Box<dyn Fn(Shape) -> BoxFuture<Prepared>>,
    fill: Option<Box<dyn Fn(u64) -> BoxFuture<Held>>>,
}

impl Case {
    /// `prepare` builds the application and logs its user in.
    pub fn new<F>(name: &'static str, shape: Shape, prepare: fn(Shape) -> F) -> Self
    where
        F: Future<Output = Prepared> + 'static,
    {
        Self { name, shape, prepare: Box::new(move |shape| Box::pin(prepare(shape))), fill: None }
    }

    /// `fill` stores that many sessions, each of another user, the way a log-in does.
    #[must_use]
    pub fn holding<F, T>(self, fill: fn(u64) -> F) -> Self
    where
        F: Future<Output = T> + 'static,
        T: 'static,
    {
        let fill = move |count| Box::pin(async move { Box::new(fill(count).await) as Held }) as BoxFuture<Held>;
        Self { fill: Some(Box::new(fill)), ..self }
    }

    async fn prepare(&self) -> Prepared {
        let prepared = (self.prepare)(self.shape).await;
        prepared.check().await;
        prepared
    }
}

/// What was measured of one case; `None` where it was not asked for or is not available.
struct Row {
    name: &'static str,
    shape: Shape,
    instructions: Option<u64>,
    allocations: Allocations,
    time: Duration,
    session: Option<(u64, u64)>,
}

/// The whole program: measures `cases` and prints the table, or serves as the child that it starts.
///
/// # Panics
/// When an application answers otherwise than it should: a wrong answer must not be measured.
pub fn main(command: &str, cases: &[Case]) {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let named = |name: &str| {
        cases.iter().find(|case| case.name == name).unwrap_or_else(|| {
            let names: Vec<_> = cases.iter().map(|case| case.name).collect();
            panic!("no case `{name}`; there are {}", names.join(", "))
        })
    };
    match arguments[..] {
        [] => block_on(measure(command, cases, true)),
        ["requests"] => block_on(measure(command, cases, false)),
        ["run", name, count] => {
            let count = count.parse().expect("a number of requests");
            block_on(async { named(name).prepare().await.ask_many(count).await });
        }
        ["sessions", name, count] => {
            let count = count.parse().expect("a number of sessions");
            let (held, resident) = weigh(named(name), count);
            println!("{held} {resident}");
        }
        _ => panic!("usage: {command} [-- requests | run CASE N | sessions CASE N]"),
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

async fn measure(command: &str, cases: &[Case], memory: bool) {
    let mut prepared = Vec::new();
    for case in cases {
        prepared.push(case.prepare().await);
    }
    let times = time(&prepared).await;
    let mut rows = Vec::new();
    for ((case, prepared), time) in cases.iter().zip(&prepared).zip(times) {
        rows.push(Row {
            name: case.name,
            shape: case.shape,
            instructions: instructions(case.name),
            allocations: prepared.allocations().await,
            time,
            session: case.fill.as_ref().filter(|_| memory).map(|_| sessions(case.name)),
        });
    }
    print!("{}", table(command, rows));
}

/// The best mean of several rounds. Within a round the cases take turns, so that all see the same machine.
async fn time(prepared: &[Prepared]) -> Vec<Duration> {
    let mut best = vec![Duration::MAX; prepared.len()];
    for _ in 0..TIMED_ROUNDS {
        for (prepared, best) in prepared.iter().zip(&mut best) {
            prepared.ask_many(200).await;
            let start = Instant::now();
            prepared.ask_many(TIMED_REQUESTS.into()).await;
            *best = (*best).min(start.elapsed() / TIMED_REQUESTS);
        }
    }
    best
}

/// Instructions of one request by callgrind, or `None` where valgrind is not installed.
fn instructions(name: &str) -> Option<u64> {
    let run = |count: u64| -> Option<u64> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(env::current_exe().expect("the path of this program"))
            .args(["run", name, &count.to_string()])
            .output()
            .ok()?;
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name} under callgrind: {log}");
        let total = log.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind's total").1;
        Some(total.trim().parse().expect("a number of instructions"))
    };
    Some((run(2 * CALLGRIND_REQUESTS)? - run(CALLGRIND_REQUESTS)?) / CALLGRIND_REQUESTS)
}

/// Bytes a session, counted and resident, from a process that does nothing else.
fn sessions(name: &str) -> (u64, u64) {
    let output = Command::new(env::current_exe().expect("the path of this program"))
        .args(["sessions", name, &SESSIONS.to_string()])
        .output()
        .expect("this program starts");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let (held, resident) = text.trim().split_once(' ').expect("two figures");
    (held.parse().expect("a number"), resident.parse().expect("a number"))
}

fn weigh(case: &Case, count: u64) -> (u64, u64) {
    let fill = case.fill.as_ref().expect("a case that holds sessions");
    block_on(async {
        // A small one first: what is set up once a process is not the sessions'.
        drop(fill(10).await);
        let (before, resident_before) = (Allocations::now(), resident());
        let held = fill(count).await;
        let (after, resident_after) = (Allocations::now(), resident());
        drop(held);
        ((after - before).live() / count, resident_after.saturating_sub(resident_before) / count)
    })
}

/// The resident set of this process in bytes; 0 where there is no `/proc`.
pub fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).map_or(0, |kib| kib * 1_024)
}

/// The cost of the request itself is taken off; ratios are to the first row of the same shape, and to the floor.
fn table(command: &str, mut rows: Vec<Row>) -> String {
    let mut text = String::new();
    rows.sort_by_key(|row| row.shape);
    if let Some(at) = rows.iter().position(|row| row.shape == Shape::Nothing) {
        let request = rows.remove(at);
        for row in &mut rows {
            row.instructions = row.instructions.zip(request.instructions).map(|(all, own)| all.saturating_sub(own));
            row.allocations = row.allocations - request.allocations;
            row.time = row.time.saturating_sub(request.time);
        }
        let _ = writeln!(
            text,
            "Taken off every row, for making the request: {} instructions, {} allocations of {} bytes, {:.2} µs.\n",
            request.instructions.map_or_else(|| "?".into(), |count| count.to_string()),
            request.allocations.count,
            request.allocations.bytes,
            micros(request.time),
        );
    }
    let _ = writeln!(
        text,
        "| {:<24} | instructions | × plain | × floor | allocations | bytes |   µs | over plain | × floor | bytes a session (resident) |\n\
         |{:-<26}|-------------:|--------:|--------:|------------:|------:|-----:|-----------:|--------:|---------------------------:|",
        "", ""
    );
    for row in &rows {
        let plain = rows.iter().find(|other| other.shape == row.shape).expect("at least the row itself");
        let floor = rows.iter().find(|other| other.shape == row.shape && other.name == "floor");
        let over = |other: &Row| micros(other.time) - micros(plain.time);
        let ratio = |other: Option<&Row>| {
            let ratio = row.instructions.zip(other.and_then(|other| other.instructions));
            ratio.map_or_else(String::new, |(own, other)| format!("{:.2}", own as f64 / other as f64))
        };
        let _ = writeln!(
            text,
            "| {:<24} | {:>12} | {:>7} | {:>7} | {:>11} | {:>5} | {:>4.2} | {:>10.2} | {:>7} | {:>26} |",
            row.name,
            row.instructions.map_or_else(String::new, |count| count.to_string()),
            ratio(Some(plain)),
            ratio(floor),
            row.allocations.count,
            row.allocations.bytes,
            micros(row.time),
            over(row),
            floor.map_or_else(String::new, |floor| format!("{:.2}", over(row) / over(floor))),
            row.session.map_or_else(String::new, |(held, resident)| format!("{held} ({resident})")),
        );
    }
    let _ = writeln!(text, "\n{SESSIONS} sessions of as many users. Measured by `{command}`.");
    text
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1_000.0
}
