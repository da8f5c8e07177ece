//! The quickstart as curl sees it: statuses, headers, cookies, and the hooks that ran.

use os_session_e2e::{Curl, Example, Reply};
use serde_json::Value;

#[test]
fn an_anonymous_navigation_is_led_to_the_log_in_and_back() {
    let app = Example::quickstart();
    let curl = Curl::new(&app);

    curl.get("/admin").leads_to("/login?next=/admin");
    let form = curl.get("/login?next=/admin");
    assert_eq!(form.status, 200);
    assert!(form.body.contains("<form class=\"card\" method=\"post\">"), "posted to its own address: {form:?}");

    curl.post("/login?next=/admin", &[("name", "alice"), ("password", "quickstart")]).leads_to("/admin");
    let admin = curl.get("/admin");
    assert_eq!(admin.status, 200);
    assert!(admin.body.contains("alice"));
}

#[test]
fn a_way_back_to_elsewhere_is_none() {
    let app = Example::quickstart();
    for next in ["//example.com", "https://example.com", "/%5Cexample.com"] {
        let reply =
            Curl::new(&app).post(&format!("/login?next={next}"), &[("name", "bob"), ("password", "quickstart")]);
        reply.leads_to("/");
    }
}

#[test]
fn groups_decide_who_sees_the_administration() {
    let app = Example::quickstart();
    for (name, status) in [("alice", 200), ("bob", 403), ("mallory", 403)] {
        let curl = Curl::logged_in(&app, name);
        let admin = curl.get("/admin");
        assert_eq!(admin.status, status, "{name}: {admin:?}");
        assert_eq!(admin.body.contains("you may see this"), status == 200, "{name}: {admin:?}");
        assert_eq!(admin.body.contains("Not for you"), status == 403, "{name}: {admin:?}");
        assert_eq!(curl.get("/me").status, 200, "{name}");
    }
}

#[test]
fn a_refused_program_gets_problem_details_and_no_page() {
    let app = Example::quickstart();
    for (curl, status) in [(Curl::new(&app), 401), (Curl::logged_in(&app, "bob"), 403)] {
        for accept in ["application/json", "*/*"] {
            let refused = curl.fetch("/admin", accept);
            assert_eq!((refused.status, refused.header("content-type")), (status, Some("application/problem+json")));
        }
        let refused = curl.fetch("/admin", "text/html");
        assert_eq!((refused.status, refused.header("content-type")), (status, Some("text/html; charset=utf-8")));
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_alike() {
    let app = Example::quickstart();
    let curl = Curl::new(&app);
    let answer = |name: &str| {
        let reply = curl.post("/login", &[("name", name), ("password", "wrong")]);
        assert_eq!((reply.status, reply.header("set-cookie")), (422, None), "{reply:?}");
        reply.body.replace(&format!("value=\"{name}\""), "")
    };
    let wrong = answer("alice");
    assert!(wrong.contains("Wrong name or password."), "{wrong}");
    assert_eq!(wrong, answer("nobody-of-this-name"));
}

#[test]
fn only_a_remembered_session_outlives_the_browser() {
    let app = Example::quickstart();
    let cookie = |fields: &[(&str, &str)]| {
        let reply = Curl::new(&app).post("/login", fields);
        reply.header("set-cookie").expect("a log-in sets a cookie").to_owned()
    };
    let fields = [("name", "alice"), ("password", "quickstart"), ("remember", "on")];
    assert!(cookie(&fields).contains("Max-Age="));
    let without = cookie(&fields[..2]);
    assert!(!without.contains("Max-Age=") && !without.contains("Expires="), "{without}");
}

#[test]
fn a_log_out_everywhere_ends_the_other_session_at_its_next_request() {
    let app = Example::quickstart();
    let here = Curl::logged_in(&app, "alice");
    let there = Curl::logged_in(&app, "alice");
    let bob = Curl::logged_in(&app, "bob");
    assert_eq!(there.get("/me").status, 200);

    here.post("/logout-everywhere", &[]).leads_to("/");
    there.get("/me").leads_to("/login?next=/me");
    here.get("/me").leads_to("/login?next=/me");
    assert_eq!(bob.get("/me").status, 200, "hers alone");
}

#[test]
fn nobody_closes_the_session_of_another() {
    let app = Example::quickstart();
    let (here, there) = (Curl::logged_in(&app, "alice"), Curl::logged_in(&app, "alice"));
    let devices = here.get("/devices").body;
    let (_, rest) = devices.split_once("action=\"/devices/").expect("her other session can be closed");
    let (close, _) = rest.split_once('"').expect("the attribute ends");
    let close = format!("/devices/{close}");

    Curl::logged_in(&app, "bob").post(&close, &[]).leads_to("/devices");
    assert_eq!(there.get("/me").status, 200);
    here.post(&close, &[]).leads_to("/devices");
    there.get("/me").leads_to("/login?next=/me");
    assert_eq!(here.get("/me").status, 200);
}

#[test]
fn a_public_page_asks_for_no_session() {
    let app = Example::quickstart();
    for curl in [Curl::new(&app), Curl::logged_in(&app, "alice")] {
        for path in ["/about", "/style.css", "/hooks"] {
            let reply = curl.get(path);
            assert_eq!(reply.status, 200, "{path}");
            for header in ["set-cookie", "vary", "cache-control"] {
                assert_eq!(reply.header(header), None, "{path}: {header}");
            }
        }
    }
}

#[test]
fn pages_depend_on_the_cookie_and_run_no_script() {
    let app = Example::quickstart();
    let page = Curl::logged_in(&app, "alice").get("/me");
    let vary = page.header("vary").expect("the page depends on the session");
    assert!(vary.to_ascii_lowercase().contains("cookie"), "{vary}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").expect("the page has a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
}

#[test]
fn hooks_run_in_order() {
    let app = Example::quickstart();
    let ran = |expected: &[(&str, Option<&str>)], seen: &mut usize| {
        let all = hooks(&Curl::new(&app).get("/hooks"));
        let new: Vec<_> = all[*seen..].iter().map(|(hook, user)| (hook.as_str(), user.as_deref())).collect();
        assert_eq!(new, expected);
        *seen = all.len();
    };
    let seen = &mut 0;
    ran(&[], seen);

    // curl says nothing of tabs, so that each of its requests starts a process.
    let curl = Curl::new(&app);
    curl.get("/me");
    let anonymous = [
        ("on_request", None),
        ("on_start_process", None),
        ("on_start_unconnected_process", None),
        ("on_unconnected_request", None),
    ];
    ran(&anonymous, seen);

    curl.get("/admin");
    ran(&[&anonymous[..3], &[("on_denied_request", None)]].concat(), seen);

    curl.post("/login", &[("name", "bob"), ("password", "quickstart")]);
    let bob = Some("bob");
    let opened = [("on_open_session", bob), ("on_start_process", bob), ("on_start_connected_process", bob)];
    ran(&[&anonymous[..], &opened].concat(), seen);

    curl.get("/me");
    let connected = [
        ("on_request", bob),
        ("on_start_process", bob),
        ("on_start_connected_process", bob),
        ("on_connected_request", bob),
    ];
    ran(&connected, seen);

    curl.get("/admin");
    ran(&[&connected[..3], &[("on_denied_request", bob)]].concat(), seen);

    curl.post("/logout", &[]);
    let closed = [("on_pre_close_session", bob), ("on_post_close_session", bob)];
    ran(&[&connected[..], &closed].concat(), seen);

    curl.get("/about");
    ran(&[], seen);
}

fn hooks(reply: &Reply) -> Vec<(String, Option<String>)> {
    let entries: Vec<Value> = serde_json::from_str(&reply.body).expect("the log is JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    entries.iter().map(|entry| (text(&entry["hook"]).expect("an entry names its hook"), text(&entry["user"]))).collect()
}

#[tokio::test]
async fn who_is_logged_in_stays_so_when_the_process_is_killed() {
    let app = Example::quickstart();
    let alice = Curl::logged_in(&app, "alice");
    let bob = Curl::logged_in(&app, "bob");
    let before = std::fs::read(bob.jar()).expect("curl wrote its cookies");
    bob.post("/logout", &[]).leads_to("/");
    let (alice, bob) = (alice.into_jar(), bob.into_jar());
    std::fs::write(bob.path(), before).expect("the jar can be written");

    let app = app.restart(async {}).await;
    assert_eq!(Curl::with_jar(&app, alice).get("/admin").status, 200);
    assert_eq!(Curl::with_jar(&app, bob).get("/me").status, 303, "a log-out stays one, whoever kept the cookie");
}

#[test]
fn a_second_process_over_the_same_file_says_what_to_do() {
    let app = Example::quickstart();
    let second = app.second();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.starts_with("quickstart: ") && said.lines().count() == 1, "{said}");
    for part in ["quickstart.db` is in use by process", "stop that process", "`PostgresStore`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(Curl::new(&app).get("/").status, 200, "the first one works on");
}
