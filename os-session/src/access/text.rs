//! The table as text: columns as wide as they need to be, within reason.

use std::fmt;

use crate::access::{AccessRow, AccessTable, What};

/// A longer rule pushes the handler of its own line aside, and not that of every line.
const WIDEST: usize = 60;

impl fmt::Display for AccessTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Places::Shown)
    }
}

/// Whether a line says where in the source its handler stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    Shown,
    /// They move with every edit.
    LeftOut,
}

impl AccessTable {
    pub(crate) fn write(&self, f: &mut impl fmt::Write, places: Places) -> fmt::Result {
        let (functions, unrouted): (Vec<_>, Vec<_>) =
            self.rows.iter().filter(|row| row.path.is_none()).partition(|row| !row.kind.is_routable());
        let routes: Vec<_> = self.routes().collect();
        if routes.is_empty() {
            // Of the binary: nothing is routed there, and nothing is missed.
            return lines(&self.rows.iter().collect::<Vec<_>>(), places, f);
        }
        lines(&routes, places, f)?;
        for (title, rows) in [("called in requests", functions), ("declared, and not routed here", unrouted)] {
            if !rows.is_empty() {
                writeln!(f, "\n{title}:")?;
                lines(&rows, places, f)?;
            }
        }
        Ok(())
    }
}

fn lines(rows: &[&AccessRow], places: Places, f: &mut impl fmt::Write) -> fmt::Result {
    let rows: Vec<_> = rows.iter().map(|row| columns(row, places)).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.filter(|width| *width <= WIDEST).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    for row in &rows {
        let padded =
            row.iter().zip(widths).filter(|(_, width)| *width > 0).map(|(text, width)| format!("{text:width$}  "));
        writeln!(f, "{}", (padded.collect::<String>() + &row[3]).trim_end())?;
    }
    Ok(())
}

/// Methods, path, rule, handler.
fn columns(row: &AccessRow, places: Places) -> [String; 4] {
    let rule = match &*row.depends_on {
        [] => row.rule.clone(),
        policies => format!("{}; depends on {}()", row.rule, policies.join("(), ")),
    };
    let handler = match row.what {
        What::Declared(declaration) if places == Places::LeftOut => declaration.place().path(),
        _ => row.handler.clone().unwrap_or_default(),
    };
    [row.methods.clone().unwrap_or_default(), row.path.clone().unwrap_or_default(), rule, handler]
}
