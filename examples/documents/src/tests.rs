//! Each rule against each person.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use os_session::testing::{Browser, Clock, Tour, assert_access_table};
use os_session::{MemoryStore, Sessions};

use super::*;

const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "mallory"];

struct Site {
    app: Router,
    sessions: Sessions,
}

impl Site {
    async fn new() -> Self {
        let app = App { users: Users::with_people().unwrap(), documents: Documents::with_examples() };
        let sessions = builder(&app).build().await.unwrap();
        let app = routes().with_state(app).with_sessions(&sessions).unwrap();
        Self { app, sessions }
    }

    async fn browser_of(&self, person: &str) -> Browser {
        Browser::connected(&self.app, &self.sessions, person).await.unwrap()
    }

    /// The status for alice, bob, carol and mallory, each in a session of their own.
    async fn statuses(&self, method: Method, path: &str, body: &'static str) -> [u16; 4] {
        let mut statuses = [0; 4];
        for (status, person) in statuses.iter_mut().zip(PEOPLE) {
            let request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body))
                .unwrap();
            *status = self.browser_of(person).await.send(request).await.status().as_u16();
        }
        statuses
    }
}

const DRAFT: &str = r#"{"title": "A letter", "text": "Dear all,"}"#;

/// Whoever changes a rule changes the file as well, where a reviewer sees it.
#[test]
fn who_reaches_what_is_known() {
    assert_access_table(&routes().access_table(), "access.txt");
}

/// … and the server does what it says, to each of these people.
#[tokio::test]
async fn the_server_does_what_the_table_says() {
    let site = Site::new().await;
    let table = routes().access_table();
    let tour = Tour::new(&table, &site.app, &site.sessions).param("id", "1");
    PEOPLE.into_iter().fold(tour, Tour::caller).assert().await;
}

#[tokio::test]
async fn owners_editors_and_administrators_read() {
    let site = Site::new().await;
    assert_eq!(site.statuses(Method::GET, "/documents/1", "").await, [200, 200, 200, 403]);
    assert_eq!(site.statuses(Method::GET, "/documents/2", "").await, [200, 403, 403, 200], "banned is not blind");
    assert_eq!(site.statuses(Method::GET, "/documents/9", "").await, [404; 4]);
    assert_eq!(Browser::new(&site.app).get("/documents/1").await.status(), 401, "nobody is asked about documents");
}

#[tokio::test]
async fn owners_and_editors_write_unless_they_are_banned() {
    let site = Site::new().await;
    assert_eq!(site.statuses(Method::PUT, "/documents/1", DRAFT).await, [403, 200, 200, 403]);
    assert_eq!(site.statuses(Method::PUT, "/documents/2", DRAFT).await, [403; 4]);
    assert_eq!(site.statuses(Method::POST, "/documents", DRAFT).await, [201, 201, 201, 403]);
}

#[tokio::test]
async fn owners_share_what_is_theirs() {
    let site = Site::new().await;
    let invitation = r#"{"editor": "alice"}"#;
    assert_eq!(site.statuses(Method::POST, "/documents/1/editors", invitation).await, [403, 204, 403, 403]);
    assert_eq!(site.statuses(Method::PUT, "/documents/1", DRAFT).await, [200, 200, 200, 403], "alice writes as well");
}

#[tokio::test]
async fn deleting_wants_a_fresh_password() {
    let clock = Clock::new();
    let app = App { users: Users::with_people().unwrap(), documents: Documents::with_examples() };
    let sessions = builder(&app).store(MemoryStore::with_clock(clock.clone())).build().await.unwrap();
    let app = routes().with_state(app).with_sessions(&sessions).unwrap();
    let mut bob = Browser::connected(&app, &sessions, "bob").await.unwrap();
    let delete = || Request::delete("/documents/1").body(Body::empty()).unwrap();

    clock.advance(std::time::Duration::from_mins(6));
    let answer = bob.send(delete()).await;
    assert_eq!(answer.status(), 401);
    assert!(
        answer.text().contains("not-fresh"),
        "a client can tell it from a log-in that is missing: {}",
        answer.text()
    );
    let password = Request::post("/confirm")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"password": "documents"}"#))
        .unwrap();
    assert_eq!(bob.send(password).await.status(), 204);
    assert_eq!(bob.send(delete()).await.status(), 204);
    assert_eq!(bob.send(delete()).await.status(), 404, "it is gone");
}
