//! One handler, one user.

use os_session::{Error, Sessions};

const GROUPS: [&str; 4] = ["admin", "staff", "banned", "on leave"];

async fn sessions() -> Sessions {
    let sessions = Sessions::builder().build().await.unwrap();
    for group in GROUPS {
        sessions.groups().create(group).await.unwrap();
    }
    for (user, group) in [("ann", "admin"), ("ann", "on leave"), ("bob", "banned"), ("eve", "staff")] {
        sessions.groups().add_user_in_group(user, group).await.unwrap();
    }
    sessions
}

#[tokio::test]
async fn each_part_of_the_rule_has_a_value() {
    let explanation = sessions().await.explain("ann", super::cancel).await.unwrap();
    let text = explanation.to_string();
    let (place, rest) = text.split_once('\n').unwrap();
    assert!(place.starts_with("tables::cancel (tests/tables/main.rs:"), "{place}");
    let expected = "\
ann, in `admin`, `on leave`: depends on is_word(), `fresh`
  allow admin | owns() & !banned  yes
    admin                         yes
    owns() & !banned              depends
      owns()                      is asked in a request
      !banned                     yes
        banned                    no
  deny on leave & is_word()       depends
    on leave                      yes
    is_word()                     is asked in a request
  fresh 15min                     is a matter of the session
";
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn what_is_assumed_is_taken_for_granted() {
    let ann = sessions().await.explain("ann", super::cancel).await.unwrap();
    assert_eq!(ann.admitted(), None);
    assert_eq!(ann.clone().assume("is_word", false).admitted(), None, "when did she log in?");
    assert_eq!(ann.clone().assume("is_word", false).assume_fresh(true).admitted(), Some(true));
    assert_eq!(ann.clone().assume("is_word", true).admitted(), Some(false));
    assert_eq!(ann.assume_fresh(false).admitted(), Some(false));
}

#[tokio::test]
#[should_panic(expected = "asks no policy `is_wrod`")]
async fn a_policy_that_the_rule_does_not_ask_cannot_be_assumed() {
    let _ = sessions().await.explain("ann", super::cancel).await.unwrap().assume("is_wrod", true);
}

#[tokio::test]
async fn groups_alone_settle_it() {
    let sessions = sessions().await;
    let admitted = async |user: &'static str, handler: &str| sessions.explain(user, handler).await.unwrap().admitted();
    assert_eq!(admitted("eve", "stock").await, Some(true));
    assert_eq!(admitted("bob", "stock").await, Some(false));
    assert_eq!(admitted("stranger", "stock").await, Some(false));
    assert_eq!(admitted("stranger", "tables::me").await, Some(true));
    assert_eq!(admitted("stranger", "home").await, Some(true));
    assert_eq!(admitted("bob", "search").await, Some(false), "server functions as well");
    let text = sessions.explain("bob", super::stock).await.unwrap().to_string();
    assert!(text.contains("bob, in `banned`: refused\n"), "{text}");
}

#[tokio::test]
async fn a_name_is_one_handlers() {
    let sessions = sessions().await;
    let error = async |name: &str| sessions.explain("ann", name).await.unwrap_err().to_string();
    assert_eq!(error("stcok").await, "no handler is called `stcok`; there is `tables::stock`");
    assert_eq!(error("nothing like it").await, "no handler is called `nothing like it`");
    assert_eq!(
        error("twin").await,
        "several handlers are called `twin`: `tables::explain::one::twin`, `tables::explain::two::twin`; write more of the path"
    );
    assert!(sessions.explain("ann", "two::twin").await.is_ok());
}

mod one {
    #[expect(dead_code, reason = "one of two")]
    #[os_session::connected]
    pub(crate) async fn twin() {}
}

mod two {
    #[expect(dead_code, reason = "one of two")]
    #[os_session::connected]
    pub(crate) async fn twin() {}
}

#[tokio::test]
async fn a_group_that_nobody_created_is_an_error() {
    let sessions = Sessions::builder().build().await.unwrap();
    let error = sessions.explain("ann", super::stock).await.unwrap_err();
    assert!(matches!(error, Error::NoSuchGroup(_)), "{error}");
}
