//! Text that clients and applications choose, in a form that can stand in a line of the log.
//!
//! `tracing` writes what is displayed as it is: a user id with a line break would start a line of
//! its own.

use std::fmt::{self, Write};

/// The number of characters after which the rest is left out.
const LONGEST: usize = 1024;

/// Displays a value on one line. Control characters, line separators and marks that change the
/// direction of text are escaped, and a value that is too long is cut off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OneLine<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping { out: f, left: LONGEST }, "{}", self.0)
    }
}

/// The same for a value that is one field among others: in quotes, unless it is a plain word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let is_word = |character: char| !character.is_whitespace() && !['"', '=', '\\'].contains(&character);
        if !text.is_empty() && text.chars().all(is_word) {
            return OneLine(text).fmt(f);
        }
        write!(f, "\"{}\"", OneLine(text.replace('\\', "\\\\").replace('"', "\\\"")))
    }
}

struct Escaping<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
    left: usize,
}

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match self.left {
                0 => return Ok(()),
                1 => self.out.write_char('…')?,
                _ if is_harmless(character) => self.out.write_char(character)?,
                _ => write!(self.out, "{}", character.escape_default())?,
            }
            self.left -= 1;
        }
        Ok(())
    }
}

fn is_harmless(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_starts_a_line_or_drives_a_terminal() {
        for (text, shown) in [
            ("alice", "alice"),
            ("Zo\u{eb} \u{1f980} \u{5d0}", "Zo\u{eb} \u{1f980} \u{5d0}"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[2J\0\u{7f}", "\\u{1b}[2J\\u{0}\\u{7f}"),
            ("\u{9b}31m\u{85}", "\\u{9b}31m\\u{85}"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{202e}ecila\u{2066}", "\\u{202e}ecila\\u{2066}"),
            ("a\u{200b}\u{feff}", "a\\u{200b}\\u{feff}"),
        ] {
            assert_eq!(OneLine(text).to_string(), shown);
        }
    }

    #[test]
    fn a_field_cannot_pretend_to_be_two() {
        for (text, shown) in [
            ("alice@example.org", "alice@example.org"),
            ("", "\"\""),
            ("alice admin=true", "\"alice admin=true\""),
            ("a\" b=\"c", "\"a\\\" b=\\\"c\""),
            ("a\nb", "\"a\\nb\""),
            ("a\u{1b}b", "a\\u{1b}b"),
        ] {
            assert_eq!(Field(text).to_string(), shown);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_off() {
        let shown = OneLine("\u{e4}".repeat(100_000)).to_string();
        assert_eq!(shown.chars().count(), LONGEST);
        assert!(shown.ends_with('…'));
        let shown = OneLine("a".repeat(LONGEST - 1)).to_string();
        assert!(shown.ends_with('a'));
    }
}
