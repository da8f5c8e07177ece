//! What a page puts into its head.

use super::*;

use os_session::access_table;

/// The value of an attribute of the head's meta element.
fn attribute<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = head.split_once(&format!(" {name}=\""))?;
    value.split('"').next()
}

fn script(head: &str) -> Option<&str> {
    head.split_once("src=\"")?.1.split('"').next()
}

#[tokio::test]
async fn it_names_the_connection_the_tab_and_the_module() {
    let site = Site::new().await;
    let mut alice = site.tab_of("alice").await;
    let answer = alice.browser.get("/page").await;
    let head = answer.text();
    let (_, state) = alice.hear().await;
    assert_eq!(attribute(head, "content"), state.as_str(), "{head}");
    assert_eq!(attribute(head, "data-process").map(str::len), Some(22), "{head}");
    assert_eq!(attribute(head, "data-restart"), None, "{head}");
    let script = script(head).unwrap();
    assert!(script.starts_with("/os-session/client.js?v="), "{head}");
    assert!(!head.contains("<script>"), "nothing is inline: {head}");

    let again = alice.browser.get("/page").await;
    assert_ne!(attribute(head, "data-process"), attribute(again.text(), "data-process"), "a reload is a new process");
}

#[tokio::test]
async fn a_visitors_page_has_no_cookie_and_is_no_page_for_two() {
    let site = Site::new().await;
    let answer = site.tab().browser.get("/page").await;
    assert_eq!(attribute(answer.text(), "content"), Some("-"));
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "or two tabs would be one process");
}

#[tokio::test]
async fn a_page_that_answered_a_form_is_asked_for_by_its_address() {
    let site = Site::new().await;
    let answer = site.tab_of("alice").await.browser.post("/page", &[]).await;
    assert_eq!(attribute(answer.text(), "data-restart"), Some("replace"));
}

#[tokio::test]
async fn groups_show_in_it_only_as_another_tag() {
    let site = Site::new().await;
    site.sessions.groups().add_user_in_group("alice", "staff").await.unwrap();
    let mut alice = site.tab_of("alice").await;
    let staff = alice.browser.get("/staff").await;
    let tag = attribute(staff.text(), "content").unwrap().to_owned();
    let (_, state) = alice.hear().await;
    assert_eq!(state, tag);
    site.sessions.groups().remove_user_in_group("alice", "staff").await.unwrap();
    let (_, after) = alice.hear().await;
    let (session, groups) = tag.split_once('.').unwrap();
    let (same_session, other_groups) = after.as_str().unwrap().split_once('.').unwrap();
    assert_eq!(session, same_session);
    assert_ne!(groups, other_groups);
    assert!(!staff.text().contains("staff"), "{}", staff.text());
}

#[tokio::test]
async fn the_module_is_found_where_it_is_routed() {
    let sessions = Sessions::builder().build().await.unwrap();
    sessions.groups().create("staff").await.unwrap();
    let inner = router().merge(sessions.routes());
    let app = routing::Router::new().nest("/app%20(1)", inner).with_sessions(&sessions).unwrap();
    let answer = Browser::new(&app).get("/app%20(1)/page").await;
    let script = script(answer.text()).unwrap();
    assert!(script.starts_with("/app%20%281%29/os-session/client.js?v="), "{}", answer.text());
}

#[tokio::test]
async fn the_module_is_found_where_the_application_says_it_is() {
    let site = Site::over(|_| Sessions::builder().client_url("/outer/os-session/")).await;
    let app = Router::new().nest("/outer", site.app);
    let answer = Browser::new(&app).get("/outer/page").await;
    let script = script(answer.text()).unwrap();
    assert!(script.starts_with("/outer/os-session/client.js?v="), "{}", answer.text());
    assert_eq!(Browser::new(&app).get(script).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_whose_module_is_not_routed_says_so_in_the_log_and_stays_a_page() {
    let sessions = Sessions::builder().build().await.unwrap();
    sessions.groups().create("staff").await.unwrap();
    let app = router().with_sessions(&sessions).unwrap();
    let answer = Browser::new(&app).get("/page").await;
    assert_eq!(script(answer.text()), None);
    assert!(attribute(answer.text(), "data-process").is_some());
}

#[tokio::test]
async fn the_access_table_has_the_client_where_it_is_routed_and_nowhere_else() {
    let site = Site::new().await;
    let paths = |table: &os_session::AccessTable| -> Vec<String> {
        let ours = |text: &Option<String>| {
            text.as_ref().is_some_and(|text| text.contains("os-session/") || text.contains("os_session::"))
        };
        let rows = table.rows().iter().filter(|row| ours(&row.path) || ours(&row.handler));
        rows.map(|row| [row.methods.as_deref().unwrap_or("-"), row.path.as_deref().unwrap_or("-")].join(" ")).collect()
    };
    let table = router().merge(site.sessions.routes()).access_table();
    assert_eq!(
        paths(&table),
        [
            "GET /os-session/client.js",
            "POST /os-session/disconnect",
            "POST /os-session/disconnect-all",
            "GET /os-session/events",
        ]
    );
    assert_eq!(paths(&router().access_table()), [""; 0]);
    assert_eq!(paths(&access_table()), [""; 0]);
}
