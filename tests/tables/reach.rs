//! Who reaches what.

use os_session::{AccessRow, AccessTable};

/// `METHODS path`, and after `?` what it depends on.
fn reached(table: &AccessTable) -> Vec<String> {
    let line = |row: &AccessRow| {
        let route = format!("{} {}", row.methods.as_deref().unwrap(), row.path.as_deref().unwrap());
        if row.depends_on.is_empty() { route } else { format!("{route} ? {}", row.depends_on.join(" ")) }
    };
    table.routes().map(line).collect()
}

const FOR_ANYBODY: [&str; 4] = ["GET /", "* /health", "GET /login", "POST /login"];
const FOR_USERS: [&str; 5] =
    ["* /(fallback)", "(others) /(routed paths)", "GET /account", "POST /account/paid", "(others) /login"];

fn assert_reached(table: &AccessTable, others: &[&str]) {
    let mut reached = reached(table);
    let mut expected: Vec<_> = FOR_ANYBODY.iter().chain(others).map(|line| (*line).to_owned()).collect();
    reached.sort();
    expected.sort();
    assert_eq!(reached, expected);
}

#[test]
fn without_a_connection_only_what_is_open() {
    assert_reached(&super::router().access_table().reachable_unconnected(), &[]);
}

#[test]
fn with_just_these_groups() {
    let table = super::router().access_table();
    let with = |more: &[&'static str]| [&FOR_USERS[..], more].concat();
    assert_reached(&table.reachable_by(&[]), &with(&["DELETE /orders/{owner} ? owns"]));
    assert_reached(&table.reachable_by(&["banned"]), &with(&[]));
    assert_reached(
        &table.reachable_by(&["staff"]),
        &with(&["* /stock", "* /account/(fallback)", "DELETE /orders/{owner} ? owns"]),
    );
    assert_reached(
        &table.reachable_by(&["admin", "on leave"]),
        &with(&["* /stock", "* /account/(fallback)", "DELETE /orders/{owner} ? is_word"]),
    );
    assert_reached(&table.reachable_by(&["on leave"]), &with(&["DELETE /orders/{owner} ? owns is_word"]));
    assert_eq!(table.reachable_by(&["no rule names this"]), table.reachable_by(&[]));
}

#[test]
fn text_names_what_it_depends_on() {
    let text = super::router().access_table().reachable_by(&[]).to_string();
    assert!(text.contains("fresh 15min; depends on owns()  "), "{text}");
    assert!(!text.contains("forgotten"), "{text}");
}
