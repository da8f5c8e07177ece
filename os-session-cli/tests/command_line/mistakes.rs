//! What is written wrong, and what leads nowhere.

use os_session_tests::postgres::TestSchema;

use crate::run::{By, run};

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_nowhere_is_told_without_its_password() {
    for address in ["postgres://app:hunter2@127.0.0.1:1/app", "redis://app:hunter2@127.0.0.1:1"] {
        let (code, said) = run(&By(address), &["check"]).await.said();
        assert!(code == 1 && said.starts_with("os-session: ") && !said.contains("hunter2"), "{said}");
        assert!(said.contains("(at 127.0.0.1:1)"), "where it looked: {said}");
    }
    // What is not written as a URL wants it must not be shown as a host.
    for address in
        ["postgres://app:hunter2@x@127.0.0.1/app", "postgres://hunter2#x@127.0.0.1/app", "redis://hunter2#x@a"]
    {
        let (code, said) = run(&By(address), &["check"]).await.said();
        assert!(code == 1 && said.contains("%40") && !said.contains("hunter2"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_the_command_line_are_told_apart() {
    for address in ["mysql://app:hunter2@127.0.0.1/app", "sqlite:", "app.db"] {
        let (code, said) = run(&By(address), &["check"]).await.said();
        assert!(code == 2 && said.contains("sqlite:path") && !said.contains("hunter2"), "{said}");
    }
    let (code, said) = run(&By(""), &["check"]).await.said();
    assert!(code == 2 && said.contains("--store") && said.contains("OS_SESSION_STORE"), "{said}");
    let schema = TestSchema::new();
    for words in [
        &["sessions", "close", "ann"][..],
        &["sessions", "close", "ann", "no handle"],
        // A variable of a shell that is not set.
        &["sessions", "close", "", "--all"],
        &["groups", "add", " ", "staff"],
        &["groups", "of", "\u{200b}"],
        &["sessions", "list", &"x".repeat(256)],
        &["groups", "create", ""],
    ] {
        let (code, said) = run(&schema, words).await.said();
        assert!(code == 2 && said.starts_with("error: "), "{words:?}: {said}");
    }
}
