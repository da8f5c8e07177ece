//! The table, `reachable_by`, `explain` and the server itself, each against the truth tables.

use std::collections::HashMap;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use os_session::testing::{Browser, Tour};
use os_session::{AccessRow, AccessTable};
use os_session_truth::{GROUPS, POLICIES, TRUTHS, USERS, groups_of, policies_of, routes, sessions};
use serde_json::Value;

fn name(row: &AccessRow) -> String {
    let handler = row.handler.as_deref().unwrap();
    handler.split(" (").next().unwrap().rsplit("::").next().unwrap().to_owned()
}

/// The table as a program reads it, by handler.
fn rules(table: &AccessTable) -> HashMap<String, Value> {
    let table = serde_json::to_value(table).unwrap();
    let rows = table["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["handler"]["name"].as_str().unwrap().to_owned(), row["rule"].clone())).collect()
}

/// The value of an expression of the table for one user.
fn holds(expression: &Value, user: u32) -> bool {
    let (kind, of) = expression.as_object().unwrap().iter().next().unwrap();
    let mut parts = of.as_array().into_iter().flatten();
    match &**kind {
        "group" => groups_of(user).contains(&of.as_str().unwrap()),
        "policy" => policies_of(user).contains(&of.as_str().unwrap()),
        "not" => !holds(of, user),
        "all" => parts.all(|part| holds(part, user)),
        "any" => parts.any(|part| holds(part, user)),
        kind => panic!("`{kind}` is no kind of expression"),
    }
}

#[test]
fn the_table_says_what_was_written() {
    let rules = rules(&os_session::access_table());
    assert!(TRUTHS.len() > 1_400, "{}", TRUTHS.len());
    for (name, truth) in TRUTHS {
        let rule = &rules[*name];
        for user in 0..USERS {
            let value = |key: &str, absent: bool| rule[key].as_object().map_or(absent, |_| holds(&rule[key], user));
            let admitted = value("allow", true) && !value("deny", false);
            assert_eq!(admitted, truth >> user & 1 == 1, "{name}, {}, user {user}", rule["text"]);
        }
    }
}

#[test]
fn reachable_by_knows_where_policies_have_a_say() {
    let table = os_session::access_table();
    for groups in 0..1 << GROUPS.len() {
        let reached = table.reachable_by(&groups_of(groups));
        let reached: HashMap<_, _> = reached.rows().iter().map(|row| (name(row), row.depends_on.clone())).collect();
        for (name, truth) in TRUTHS {
            // What the rule makes of these groups, by what the policies say.
            let by_answers = |answers: u32| truth >> (groups | answers << GROUPS.len()) & 1 == 1;
            let matters =
                |policy: usize| (0..4).any(|answers| by_answers(answers) != by_answers(answers ^ 1 << policy));
            let depends_on: Vec<_> =
                (0..POLICIES.len()).filter(|policy| matters(*policy)).map(|policy| POLICIES[policy]).collect();
            let expected = (0..4).any(by_answers).then_some(depends_on);
            let found = reached.get(*name).map(|policies| {
                let mut policies = policies.clone();
                policies.sort_unstable();
                policies
            });
            assert_eq!(found, expected, "{name} for {:?}", groups_of(groups));
        }
    }
}

#[tokio::test]
async fn explain_agrees() {
    let sessions = sessions().await;
    for (name, truth) in TRUTHS {
        for groups in 0..1 << GROUPS.len() {
            let explanation = sessions.explain(groups, *name).await.unwrap();
            for user in (0..4).map(|answers| groups | answers << GROUPS.len()) {
                let says = |policy| policies_of(user).contains(&policy);
                let asked = POLICIES.iter().filter(|policy| explanation.to_string().contains(&format!("{policy}()")));
                let assumed = asked.fold(explanation.clone(), |known, policy| known.assume(policy, says(*policy)));
                assert_eq!(assumed.admitted(), Some(truth >> user & 1 == 1), "user {user}:\n{assumed}");
            }
        }
    }
}

#[tokio::test]
async fn the_server_agrees() {
    let sessions = sessions().await;
    let router = routes();
    let reached: Vec<_> = router.access_table().routes().map(name).collect();
    assert!(reached.len() > 150, "{}", reached.len());
    let app: Router = router.with_sessions(&sessions).unwrap();
    for user in 0..USERS {
        let mut browser = Browser::connected(&app, &sessions, user).await.unwrap();
        for (name, truth) in TRUTHS.iter().filter(|(name, _)| reached.iter().any(|reached| reached == name)) {
            let request = Request::get(format!("/{name}")).header("x-says", policies_of(user).concat());
            let status = browser.send(request.body(Body::empty()).unwrap()).await.status();
            assert_eq!(status, if truth >> user & 1 == 1 { 200 } else { 403 }, "{name}, user {user}");
        }
    }
}

#[tokio::test]
async fn the_tour_agrees() {
    let sessions = sessions().await;
    let router = routes();
    let table = router.access_table();
    let app = router.with_sessions(&sessions).unwrap();
    let tour = (0..1_u32 << GROUPS.len()).fold(Tour::new(&table, &app, &sessions), Tour::caller);
    assert_eq!(tour.assert().await, table.routes().count() * (1 + 16));
}
