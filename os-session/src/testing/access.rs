//! The access table as a file beside the code, so that a changed permission shows in review.

use std::fmt::Write as _;
use std::path::Path;

use crate::access::{AccessRow, AccessTable};

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
    let found = text(table);
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

/// A line a rule, in columns.
fn text(table: &AccessTable) -> String {
    let rows: Vec<_> = table.rows().iter().map(columns).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    rows.iter().fold(String::new(), |mut text, [methods, path, rule, handler]| {
        let [first, second, third] = widths;
        let line = format!("{methods:first$}  {path:second$}  {rule:third$}  {handler}");
        writeln!(text, "{}", line.trim_end()).expect("a string takes everything");
        text
    })
}

fn columns(row: &AccessRow) -> [&str; 4] {
    let AccessRow { methods, path, rule, handler } = row;
    // Without where it stands: `module::name (file:line)`.
    let handler = handler.as_deref().map(|handler| handler.split(" (").next().unwrap_or_default());
    [methods.as_deref().unwrap_or_default(), path.as_deref().unwrap_or_default(), rule, handler.unwrap_or_default()]
}

/// The lines that only one of them has. What only the width of a column changed is the same.
fn differences(expected: &str, found: &str) -> String {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let only_in = |lines: &str, others: &str, mark: char| -> String {
        let others: Vec<_> = others.lines().map(words).collect();
        let lines = lines.lines().map(words).filter(|line| !others.contains(line));
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
