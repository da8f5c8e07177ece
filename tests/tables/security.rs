//! What `docs/security.md` names exists: each requirement has its row, and each test is there.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the repository")
}

fn document() -> String {
    fs::read_to_string(root().join("docs/security.md")).expect("the document is there")
}

/// The cells of the row that begins with this one.
fn row<'a>(document: &'a str, name: &str) -> Vec<&'a str> {
    let rows = document.lines().filter(|line| line.split_once("| ").is_some_and(|(_, rest)| rest.starts_with(name)));
    let mut rows = rows.filter(|line| line[2 + name.len()..].starts_with(' '));
    let (first, second) = (rows.next(), rows.next());
    assert!(first.is_some() && second.is_none(), "{name} has one row: {first:?}, {second:?}");
    first.unwrap_or_default().trim_matches('|').split(" | ").map(str::trim).collect()
}

/// What stands between backticks and names a Rust file.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|name| name.contains(".rs"))
}

fn file(path: &str) -> Option<PathBuf> {
    [root().join("tests").join(path), root().join("os-session").join(path), root().join(path)]
        .into_iter()
        .find(|path| path.is_file())
}

#[test]
fn every_test_that_the_document_names_exists() {
    let document = document();
    let mut missing = Vec::new();
    for name in named(&document) {
        let (path, function) = name.split_once("::").map_or((name, None), |(path, function)| (path, Some(function)));
        let source = file(path).map(|path| fs::read_to_string(path).expect("the file is text"));
        let exists = source.is_some_and(|source| function.is_none_or(|name| source.contains(&format!("fn {name}("))));
        if !exists {
            missing.push(name);
        }
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_requirement_is_met_by_a_test_or_gives_a_reason() {
    let document = document();
    for number in 1..=70 {
        let cells = row(&document, &format!("R{number}"));
        let [_, asks, met, how, tests] = cells[..] else { panic!("R{number} has other cells: {cells:?}") };
        assert!(!asks.is_empty(), "R{number}");
        match met {
            "yes" => assert!(named(tests).count() > 0, "R{number} names no test"),
            "partly" | "no" => assert!(how.len() > 20, "R{number} gives no reason"),
            other => panic!("R{number} is met `{other}`"),
        }
    }
}

/// The requirements of ASVS 5.0 in these chapters, by the number of them in each section.
#[test]
fn every_requirement_of_the_chapters_of_asvs_is_mapped() {
    const SECTIONS: [(&str, u32); 17] = [
        ("3.1", 1),
        ("3.2", 2),
        ("3.3", 5),
        ("3.4", 7),
        ("3.5", 8),
        ("3.6", 1),
        ("3.7", 5),
        ("7.1", 3),
        ("7.2", 4),
        ("7.3", 2),
        ("7.4", 5),
        ("7.5", 3),
        ("7.6", 2),
        ("8.1", 4),
        ("8.2", 4),
        ("8.3", 3),
        ("8.4", 2),
    ];
    let document = document();
    let rows: Vec<_> = document.lines().filter(|line| line.starts_with("| ")).collect();
    for (section, count) in SECTIONS {
        for number in 1..=count {
            let maps = |line: &&&str| mentions(line.trim_start_matches("| "), section, number);
            assert_eq!(rows.iter().filter(maps).count(), 1, "{section}.{number}");
        }
    }
}

/// Whether the numbers with which a row begins, `3.2.1, 3.2.2` or `3.4.1 to 3.4.7`, include this one.
fn mentions(row: &str, section: &str, number: u32) -> bool {
    let mut last = None;
    let mut through = false;
    for word in row.split(' ') {
        let word = word.trim_end_matches(',');
        if word == "to" {
            through = true;
            continue;
        }
        let Some(found) = word.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')?.parse::<u32>().ok())
        else {
            return false;
        };
        let first = last.filter(|_| through).unwrap_or(found);
        if (first..=found).contains(&number) {
            return true;
        }
        (last, through) = (Some(found), false);
    }
    false
}
