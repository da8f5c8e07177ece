//! The access table as a file beside the code, so that a changed permission shows in review.

use std::path::Path;

use crate::access::{AccessTable, Places};

/// Compares an access table with a committed file: each rule a line, without line numbers, which every edit would change.
///
/// The path counts from where the test runs, which is the package's folder under Cargo. With `UPDATE_EXPECT=1` in the environment
/// the file is written instead.
///
/// ```no_run
/// use os_session::public;
/// use os_session::routing::{Router, get};
/// use os_session::testing::assert_access_table;
///
/// #[public(reason = "the shop window")]
/// async fn home() {}
///
/// let router: Router = Router::new().route("/", get(home));
/// assert_access_table(&router.access_table(), "access.txt");
/// ```
///
/// # Panics
///
/// If they differ, with the lines that came and went; if the file cannot be read or written.
#[track_caller]
pub fn assert_access_table<P>(table: &AccessTable, path: P)
where
    P: AsRef<Path>,
{
    let path = path.as_ref();
    let mut found = String::new();
    table.write(&mut found, Places::LeftOut).expect("a string takes everything");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return std::fs::write(path, found)
            .unwrap_or_else(|error| panic!("`{}` cannot be written: {error}", path.display()));
    }
    let expected = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("`{}` cannot be read: {error}; `UPDATE_EXPECT=1` writes it", path.display()));
    let differences = differences(&expected, &found);
    assert!(
        differences.is_empty(),
        "who reaches what has changed; if it is meant, `UPDATE_EXPECT=1` writes `{}` anew:\n{differences}",
        path.display()
    );
}

/// The lines that only one of them has. What only the width of a column changed is the same.
fn differences(expected: &str, found: &str) -> String {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let only_in = |lines: &str, others: &str, mark: char| -> String {
        let others: Vec<_> = others.lines().map(words).collect();
        let lines = lines.lines().map(words).filter(|line| !line.is_empty() && !others.contains(line));
        lines.fold(String::new(), |text, line| format!("{text}{mark} {line}\n"))
    };
    only_in(expected, found, '-') + &only_in(found, expected, '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown() {
        let before =
            "GET  /       public: the shop window  shop::home\nGET  /admin  connected, allow admin   shop::admin\n";
        let after = "GET  /  public: the shop window  shop::home\nGET  /admin  connected  shop::admin\n";
        assert_eq!(differences(before, before), "");
        assert_eq!(
            differences(before, after),
            "- GET /admin connected, allow admin shop::admin\n+ GET /admin connected shop::admin\n"
        );
    }
}
