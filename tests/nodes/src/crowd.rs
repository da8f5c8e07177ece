//! Users who log in and out until something breaks, and who remember what they were told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::Client;

/// Sessions of a user.
pub const LIMIT: u32 = 3;
const USERS: usize = 8;
const CHANGES: usize = 1000;
/// The user whom all of them log in as from time to time.
const SHARED: &str = "shared";

/// What was answered, by user.
#[derive(Debug, Default)]
struct Told {
    user: String,
    /// Those that live, the oldest first.
    lives: Vec<String>,
    ended: Vec<String>,
    /// Those that an unanswered request may have ended.
    unknown: Vec<String>,
    /// Sessions of the shared user: others may have pushed them out.
    shared: Vec<String>,
}

/// All of them, afterwards.
#[derive(Debug)]
pub struct Crowd(Vec<Told>);

impl Crowd {
    /// Lets them loose. `broken` is told when so many requests were answered; they stop at the first that fails.
    pub async fn run(client: &Client, address: &str, answers: usize, broken: Arc<Notify>) -> Self {
        let answered = Arc::new(AtomicUsize::new(0));
        let mut users = JoinSet::new();
        for number in 0..USERS {
            let (client, address, broken, answered) =
                (client.clone(), address.to_owned(), broken.clone(), answered.clone());
            users.spawn(async move {
                let mut told = Told { user: format!("user{number}"), ..Told::default() };
                for step in 0..CHANGES / USERS {
                    if !told.step(&client, &address, step).await {
                        break;
                    }
                    if answered.fetch_add(1, Ordering::Relaxed) + 1 == answers {
                        broken.notify_one();
                    }
                }
                told
            });
        }
        let told = users.join_all().await;
        // Whoever waits to break something must not wait for ever where it was broken before.
        broken.notify_one();
        Self(told)
    }

    /// How many sessions must live, must not, and may or may not.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let sum = |count: fn(&Told) -> usize| self.0.iter().map(count).sum();
        (sum(|told| told.lives.len()), sum(|told| told.ended.len()), sum(|told| told.unknown.len()))
    }

    /// Whether everything they were told is so.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub async fn check(&self, client: &Client, address: &str) {
        let mut shared = 0;
        for told in &self.0 {
            for cookie in &told.lives {
                assert_eq!(client.decided(address, "/me", cookie).await, 200, "{} lost a session", told.user);
            }
            for cookie in &told.ended {
                assert_eq!(client.decided(address, "/me", cookie).await, 401, "{}: a session came back", told.user);
            }
            for cookie in &told.unknown {
                assert!([200, 401].contains(&client.decided(address, "/me", cookie).await), "either is fine");
            }
            for cookie in &told.shared {
                shared += u32::from(client.decided(address, "/me", cookie).await == 200);
            }
        }
        assert!(shared <= LIMIT, "{shared} sessions of one user");
        for user in self.users() {
            // One more log-in must leave no more than the limit.
            let cookie = client.login(address, user).await;
            let devices = client.ask(Method::GET, address, "/devices", &cookie).await.expect("it is answered").body;
            assert!(devices.split(',').count() <= LIMIT as usize, "{user}: {devices}");
            client.change(Method::POST, address, "/logout-everywhere", &cookie).await;
        }
    }

    fn users(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|told| told.user.as_str()).chain([SHARED])
    }
}

impl Told {
    /// Four log-ins, a log-out, a log-in as the shared user and a log-out there, over and over. `false` if it failed.
    async fn step(&mut self, client: &Client, address: &str, step: usize) -> bool {
        match step % 7 {
            4 => {
                let cookie = self.lives.remove(0);
                let done = logged_out(client, address, &cookie).await;
                if done { &mut self.ended } else { &mut self.unknown }.push(cookie);
                done
            }
            5 => match logged_in(client, address, SHARED).await {
                Some(cookie) => {
                    self.shared.push(cookie);
                    true
                }
                None => false,
            },
            6 => {
                let cookie = self.shared.pop().expect("the step before logged in");
                let done = logged_out(client, address, &cookie).await;
                if done { &mut self.ended } else { &mut self.shared }.push(cookie);
                done
            }
            _ => {
                let cookie = logged_in(client, address, &self.user).await;
                let oldest = (self.lives.len() == LIMIT as usize).then(|| self.lives.remove(0));
                if cookie.is_some() { &mut self.ended } else { &mut self.unknown }.extend(oldest);
                let done = cookie.is_some();
                self.lives.extend(cookie);
                done
            }
        }
    }
}

async fn logged_in(client: &Client, address: &str, user: &str) -> Option<String> {
    let reply = client.ask(Method::POST, address, &format!("/login?user={user}"), "").await?;
    (reply.status == 200).then_some(reply.cookie?)
}

async fn logged_out(client: &Client, address: &str, cookie: &str) -> bool {
    client.ask(Method::POST, address, "/logout", cookie).await.is_some_and(|reply| reply.status == 200)
}
