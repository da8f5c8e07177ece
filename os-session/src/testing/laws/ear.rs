//! What laws of news listen with.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::lab::{Lab, PATIENCE};
use super::slot_lab::browser;
use crate::change::{Change, Listener, News};
use crate::error::StoreError;

/// For what comes later than what was said after it.
const OVERTAKEN: Duration = Duration::from_secs(1);

/// Browsers from this number on are marks: no law has one.
const MARKS: u64 = 1 << 32;

/// Listens through one handle on a store.
pub(super) struct Ear {
    news: UnboundedReceiver<Result<News, StoreError>>,
    marks: u64,
    own: usize,
    task: JoinHandle<()>,
}

impl Ear {
    pub(super) async fn of(lab: &Lab) -> Self {
        let (told, news) = unbounded_channel();
        let store = lab.store.clone();
        let task = tokio::spawn(async move {
            let ear = told.clone();
            let lost = store.listen(Listener::new(move |news| drop(ear.send(Ok(news))))).await;
            drop(told.send(Err(lost)));
        });
        let mut ear = Self { news, marks: MARKS, own: 0, task };
        let first = timeout(PATIENCE, ear.news()).await.expect("it does not say that it listens");
        assert_eq!(first, News::Listening, "what is told before that, nobody counts on");
        ear
    }

    async fn news(&mut self) -> News {
        match self.news.recv().await {
            Some(Ok(news)) => news,
            Some(Err(lost)) => panic!("it no longer listens: {lost}"),
            None => panic!("it no longer listens"),
        }
    }

    async fn change(&mut self) -> Change {
        loop {
            match self.news().await {
                News::Changed(change) => return change,
                News::OwnChange => self.own += 1,
                News::Listening | News::Forget(_) => {}
            }
        }
    }

    /// Everything that it is told of what was done through that handle so far, and of nothing else: exactly this, in any order.
    pub(super) async fn is_told(&mut self, by: &Lab, changes: &[Change]) {
        let mut missing = changes.to_vec();
        self.hear(by, |change| {
            if let Some(change) = change {
                let place = missing.iter().position(|missing| *missing == change);
                missing.swap_remove(place.unwrap_or_else(|| panic!("{change:?} is told")));
            }
            missing.clone()
        })
        .await;
    }

    /// The same of so many that it may be told instead that anything may have changed.
    pub(super) async fn is_told_of_many(&mut self, by: &Lab, changes: Vec<Change>) {
        let mut missing = changes.clone();
        self.hear(by, |change| {
            match change {
                Some(Change::Everything) => missing.clear(),
                Some(change) => {
                    assert!(changes.contains(&change), "{change:?} is told");
                    missing.retain(|missing| *missing != change);
                }
                None => {}
            }
            missing.clone()
        })
        .await;
    }

    /// Hands on what it hears until it has heard the next mark, and nothing is missing any more, as `missing` says.
    async fn hear(&mut self, by: &Lab, mut missing: impl FnMut(Option<Change>) -> Vec<Change>) {
        self.marks += 1;
        let mark = Change::Browser(browser(self.marks));
        by.publish(&mark).await;
        let mut is_marked = false;
        let mut left = missing(None);
        while !is_marked || !left.is_empty() {
            let patience = if is_marked { OVERTAKEN } else { PATIENCE };
            let Ok(change) = timeout(patience, self.change()).await else {
                panic!("{left:?} is not told{}", if is_marked { "" } else { ", nor a browser that was published" });
            };
            if change == mark {
                is_marked = true;
            } else {
                left = missing(Some(change));
            }
        }
    }

    /// How often it was told that this handle did something itself.
    pub(super) fn own(&self) -> usize {
        self.own
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.task.abort();
    }
}
