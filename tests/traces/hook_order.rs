//! The order in which hooks run: by `order`, and those of one order by crate, file and line. The three start hooks are
//! one queue.

use axum::Router;
use axum::extract::State;
use os_session::routing::{self, get};
use os_session::testing::Browser;
use os_session::{
    Error, Session, Sessions, UserId, connected, on_open_session, on_start_connected_process, on_start_process,
    on_start_unconnected_process,
};
use os_session_tests::trace::Log;

// Its path sorts after this file's, and its hooks stand in smaller lines.
mod hook_order {
    pub(crate) mod other;
}

#[on_open_session(order = 1, state = Log)]
async fn after_the_others(State(log): State<Log>) {
    log.note("open: order 1");
}

#[on_open_session(state = Log)]
async fn first_in_this_file(State(log): State<Log>) {
    log.note("open: this file, first");
}

#[on_open_session(state = Log)]
async fn second_in_this_file(State(log): State<Log>) {
    log.note("open: this file, second");
}

#[on_open_session(order = -1, state = Log)]
async fn before_the_others(State(log): State<Log>) {
    log.note("open: order -1");
}

#[on_start_unconnected_process(state = Log)]
async fn unconnected_one(State(log): State<Log>) {
    log.note("start unconnected: one");
}

#[on_start_connected_process(state = Log)]
async fn connected_two(State(log): State<Log>) {
    log.note("start connected: two");
}

#[on_start_process(state = Log)]
async fn either_three(State(log): State<Log>) {
    log.note("start: three");
}

#[on_start_connected_process(state = Log)]
async fn connected_four(State(log): State<Log>) {
    log.note("start connected: four");
}

#[on_start_unconnected_process(state = Log)]
async fn unconnected_five(State(log): State<Log>) {
    log.note("start unconnected: five");
}

#[on_start_process(order = -1, state = Log)]
async fn either_zero(State(log): State<Log>) {
    log.note("start: zero");
}

#[connected(opt)]
async fn page(session: Session, user: Option<UserId>) -> Result<(), Error> {
    match user {
        None => session.connect("alice").await,
        Some(_) => Ok(()),
    }
}

async fn site() -> (Browser, Log) {
    let log = Log::default();
    let sessions = Sessions::builder().state(log.clone()).build().await.expect("the configuration works");
    let app: Router = routing::Router::new().route("/", get(page)).with_sessions(&sessions).expect("the rule holds");
    (Browser::new(&app), log)
}

#[tokio::test]
async fn hooks_run_by_order_and_then_as_they_stand() {
    let (mut browser, log) = site().await;
    browser.get("/").await;
    let opened: Vec<_> = log.take().into_iter().filter(|line| line.starts_with("open")).collect();
    assert_eq!(
        opened,
        [
            "open: order -1",
            "open: this file, first",
            "open: this file, second",
            "open: the other file, first",
            "open: the other file, second",
            "open: order 1"
        ]
    );
}

#[tokio::test]
async fn the_three_start_hooks_are_one_queue() {
    let (mut browser, log) = site().await;
    browser.get("/").await;
    let started: Vec<_> = log.take().into_iter().filter(|line| line.starts_with("start")).collect();
    assert_eq!(
        started,
        [
            // The page of nobody.
            "start: zero",
            "start unconnected: one",
            "start: three",
            "start unconnected: five",
            // The log-in in its handler.
            "start: zero",
            "start connected: two",
            "start: three",
            "start connected: four"
        ]
    );
}

#[test]
fn the_list_of_hooks_shows_the_order_in_which_they_run() {
    let names: Vec<_> =
        os_session::hooks().into_iter().filter(|hook| hook.event == "on_open_session").map(|hook| hook.name).collect();
    assert_eq!(
        names,
        [
            "before_the_others",
            "first_in_this_file",
            "second_in_this_file",
            "first_in_the_other_file",
            "second_in_the_other_file",
            "after_the_others"
        ]
    );
}
