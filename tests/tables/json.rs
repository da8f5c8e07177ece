//! As a program reads it.

use serde_json::{Value, json};

fn table() -> Value {
    serde_json::from_str(&super::router().access_table().to_json()).unwrap()
}

fn row(table: &Value, matches: impl Fn(&Value) -> bool) -> Value {
    table["rows"].as_array().unwrap().iter().find(|row| matches(row)).unwrap().clone()
}

#[test]
fn a_rule_is_a_tree() {
    let table = table();
    assert_eq!(table["version"], 1);
    let mut row = row(&table, |row| row["path"] == "/orders/{owner}");
    assert!(row["handler"]["line"].take().as_u64().unwrap() > 1);
    let expected = json!({
        "path": "/orders/{owner}",
        "methods": ["DELETE"],
        "kind": "page",
        "rule": {
            "text": "connected, allow admin | owns() & !banned, deny on leave & is_word(), fresh 15min",
            "connection": "required",
            "allow": { "any": [{ "group": "admin" }, { "all": [{ "policy": "owns" }, { "not": { "group": "banned" } }] }] },
            "deny": { "all": [{ "group": "on leave" }, { "policy": "is_word" }] },
            "fresh": 900,
            "cross_site": null,
        },
        "reason": null,
        "handler": { "name": "cancel", "module": "tables", "file": "tests/tables/main.rs", "line": null },
        "depends_on": [],
    });
    assert_eq!(row, expected);
}

#[test]
fn what_has_no_rule_has_a_reason() {
    let table = table();
    let home = row(&table, |row| row["path"] == "/");
    assert_eq!(
        (&home["kind"], &home["rule"], &home["reason"]),
        (&json!("public"), &Value::Null, &json!("the shop window"))
    );
    let health = row(&table, |row| row["path"] == "/health");
    assert_eq!(
        (&health["kind"], &health["reason"], &health["handler"], &health["methods"]),
        (&json!("open"), &json!("for the load balancer"), &Value::Null, &json!(["*"]))
    );
}

#[test]
fn what_is_not_routed_has_no_path() {
    let table = table();
    for (function, kind, connection) in
        [("forgotten", "page", "required"), ("refund", "rpc", "required"), ("search", "wrapper", "optional")]
    {
        let row = row(&table, |row| row["handler"]["name"] == function);
        assert_eq!((&row["path"], &row["methods"], &row["kind"]), (&Value::Null, &json!([]), &json!(kind)));
        assert_eq!(row["rule"]["connection"], connection);
    }
}

#[test]
fn reasons_to_be_reached_from_elsewhere_are_listed() {
    let paid = row(&table(), |row| row["path"] == "/account/paid");
    assert_eq!(paid["rule"]["cross_site"], "the payment provider posts here");
}

#[test]
fn hooks_are_listed_too() {
    let hooks = serde_json::to_value(os_session::hooks()).unwrap();
    let [hook] = hooks.as_array().unwrap().as_slice() else { panic!("one hook: {hooks}") };
    assert_eq!(
        (&hook["event"], &hook["name"], &hook["order"]),
        (&json!("on_denied_request"), &json!("count"), &json!(0))
    );
}
