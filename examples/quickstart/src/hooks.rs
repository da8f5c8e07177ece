//! What happens beside the pages: one hook of each kind, and a log of those that ran.
//!
//! Nothing here is called or registered anywhere: the attribute is enough.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use os_session::{
    UserId, on_connected_request, on_denied_request, on_open_session, on_post_close_session, on_pre_close_session,
    on_request, on_resume_session, on_start_connected_process, on_start_process, on_start_unconnected_process,
    on_unconnected_request, public,
};
use serde::Serialize;

use crate::App;

#[on_open_session(state = App)]
async fn open_session(user: UserId, State(log): State<HookLog>) {
    log.note("on_open_session", Some(user));
}

#[on_resume_session(state = App)]
async fn resume_session(user: UserId, State(log): State<HookLog>) {
    log.note("on_resume_session", Some(user));
}

#[on_pre_close_session(state = App)]
async fn pre_close_session(user: UserId, State(log): State<HookLog>) {
    log.note("on_pre_close_session", Some(user));
}

#[on_post_close_session(state = App)]
async fn post_close_session(user: UserId, State(log): State<HookLog>) {
    log.note("on_post_close_session", Some(user));
}

#[on_start_process(state = App)]
async fn start_process(user: Option<UserId>, State(log): State<HookLog>) {
    log.note("on_start_process", user);
}

#[on_start_connected_process(state = App)]
async fn start_connected_process(user: UserId, State(log): State<HookLog>) {
    log.note("on_start_connected_process", Some(user));
}

#[on_start_unconnected_process(state = App)]
async fn start_unconnected_process(State(log): State<HookLog>) {
    log.note("on_start_unconnected_process", None);
}

#[on_request(state = App)]
async fn request(user: Option<UserId>, State(log): State<HookLog>) {
    log.note("on_request", user);
}

#[on_connected_request(state = App)]
async fn connected_request(user: UserId, State(log): State<HookLog>) {
    log.note("on_connected_request", Some(user));
}

#[on_unconnected_request(state = App)]
async fn unconnected_request(State(log): State<HookLog>) {
    log.note("on_unconnected_request", None);
}

#[on_denied_request(state = App)]
async fn denied_request(user: Option<UserId>, State(log): State<HookLog>) {
    log.note("on_denied_request", user);
}

/// The hooks that ran, oldest first.
#[public(reason = "a demonstration; a log of real users would say allow = \"admin\"")]
pub async fn show(State(log): State<HookLog>) -> Json<Vec<Entry>> {
    Json(log.entries())
}

/// The last [`HookLog::CAPACITY`] hooks that ran.
#[derive(Clone, Default)]
pub struct HookLog(Arc<Mutex<VecDeque<Entry>>>);

#[derive(Clone, Serialize)]
pub struct Entry {
    hook: &'static str,
    user: Option<String>,
}

impl HookLog {
    const CAPACITY: usize = 1000;

    fn note(&self, hook: &'static str, user: Option<UserId>) {
        let Self(log) = self;
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == Self::CAPACITY {
            log.pop_front();
        }
        log.push_back(Entry { hook, user: user.map(|user| user.to_string()) });
    }

    fn entries(&self) -> Vec<Entry> {
        let Self(log) = self;
        let log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().cloned().collect()
    }
}
