//! What survives a restart, and that nothing in the file is of use to a thief.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::site::{Folder, cookie_of};

#[tokio::test]
async fn sessions_and_groups_survive_a_restart_and_log_outs_do_too() {
    let folder = Folder::new();
    let site = folder.open().await;
    let (mut alice, mut bob) = (site.log_in("alice").await, site.log_in("bob").await);
    let (alices, bobs) = (cookie_of(&alice), cookie_of(&bob));
    site.sessions.groups().add_user_in_group("alice", "admin").await.unwrap();
    assert_eq!(alice.get("/admin").await.status(), 200);
    assert_eq!(bob.post("/logout", &[]).await.status(), 200);
    drop((alice, bob));
    site.close().await;

    let site = folder.open().await;
    let mut alice = site.with_cookie(&alices);
    assert_eq!(alice.get("/me").await.text(), "alice");
    assert_eq!(alice.get("/admin").await.status(), 200, "and is who she was");
    assert_eq!(site.with_cookie(&bobs).get("/me").await.status(), 401, "a log-out stays one");
    assert_eq!(site.sessions.groups().all().await.unwrap(), ["admin"]);
}

#[tokio::test]
async fn what_expired_while_nothing_ran_is_over_and_is_purged() {
    let folder = Folder::new();
    let site = folder.open().await;
    let alice = cookie_of(&site.log_in("alice").await);
    site.close().await;
    folder.clock.advance(Duration::from_hours(24 * 365));

    let site = folder.open().await;
    assert_eq!(site.with_cookie(&alice).get("/me").await.status(), 401);
    let mut carol = site.log_in("carol").await;
    assert_eq!(folder.number("SELECT count(*) FROM os_session_sessions"), 2, "nobody has tidied up yet");
    tokio::time::pause();
    tokio::time::advance(Duration::from_mins(1)).await;
    tokio::time::resume();
    while folder.number("SELECT count(*) FROM os_session_sessions") == 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(carol.get("/me").await.status(), 200);
}

/// The database, its log and whatever else is beside it, as bytes.
fn bytes(folder: &Folder) -> Vec<u8> {
    let files = std::fs::read_dir(folder.file().parent().unwrap()).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn no_token_and_no_spelling_of_one_is_in_the_file() {
    let folder = Folder::new();
    let site = folder.open().await;
    let mut alice = site.log_in("alice").await;
    alice.get("/me").await;
    let token = URL_SAFE_NO_PAD.decode(cookie_of(&alice)).unwrap();
    let hex = token.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let spellings = [
        token.clone(),
        URL_SAFE_NO_PAD.encode(&token).into_bytes(),
        STANDARD.encode(&token).into_bytes(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    let bytes = bytes(&folder);
    let holds = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    assert!(holds(b"alice"), "the session is in there");
    for spelling in spellings {
        assert!(!holds(&spelling), "and its token is not");
    }
}

#[tokio::test]
async fn the_file_is_let_go_with_the_last_handle() {
    let folder = Folder::new();
    for _ in 0..20 {
        folder.open().await.log_in("alice").await;
    }
    let site = folder.open().await;
    assert_eq!(site.sessions.of_user("alice").await.unwrap().len(), 20);
}
