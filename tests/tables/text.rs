//! As a reviewer reads it.

use os_session::testing::assert_access_table;

#[test]
fn what_is_not_routed_stands_below_what_is() {
    let table = super::router().access_table();
    assert_access_table(&table, "tables/access.txt");
    let unrouted: Vec<_> = table.unrouted().map(|row| row.handler.as_deref().unwrap()).collect();
    assert_eq!(unrouted.len(), 4, "{table}");
    assert!(unrouted[2].starts_with("tables::forgotten (tests/tables/main.rs:"), "{table}");
    assert!(table.routed_only().rows().iter().all(|row| row.path.is_some()));
}

#[test]
fn a_long_rule_pushes_aside_its_own_handler_alone() {
    let table = super::router().access_table().to_string();
    let column = |path: &str, handler: &str| {
        let line = table.lines().find(|line| line.contains(path)).unwrap();
        line.find(handler).unwrap()
    };
    assert_eq!(column("/stock", "tables::"), column("/login", "tables::"), "\n{table}");
    assert!(column("/orders", "tables::") > column("/stock", "tables::"), "\n{table}");
}

#[test]
fn a_changed_rule_is_shown_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("access.txt");
    let committed = std::fs::read_to_string("tables/access.txt").unwrap();
    assert!(committed.contains("connected, allow staff"), "{committed}");
    std::fs::write(&file, committed.replace("connected, allow staff", "connected")).unwrap();

    let table = super::router().access_table();
    let shown = *std::panic::catch_unwind(|| assert_access_table(&table, &file))
        .expect_err("it differs")
        .downcast::<String>()
        .unwrap();
    let differences: Vec<_> = shown.lines().skip(1).collect();
    assert_eq!(differences, ["- connected tables::refund", "+ connected, allow staff tables::refund"], "{shown}");
}
