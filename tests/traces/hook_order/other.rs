//! Hooks in a file of their own.

use axum::extract::State;
use os_session::on_open_session;
use os_session_tests::trace::Log;

#[on_open_session(state = Log)]
async fn first_in_the_other_file(State(log): State<Log>) {
    log.note("open: the other file, first");
}

#[on_open_session(state = Log)]
async fn second_in_the_other_file(State(log): State<Log>) {
    log.note("open: the other file, second");
}
