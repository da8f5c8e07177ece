//! Words: tokens as a person writes them, and the known word that an unknown one resembles.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;

/// The tokens as they are usually written: `Arc<App>`, where `to_string` gives `Arc < App >`.
pub(crate) fn spelled(tokens: impl ToTokens) -> String {
    let mut text = String::new();
    spell(tokens.into_token_stream(), &mut text);
    text
}

fn spell(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                spell(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => text.push_str(", "),
                '+' => text.push_str(" + "),
                mark => text.push(mark),
            },
            word => {
                if text.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}

/// The candidate that `word` is most likely a slip of, by the measure that rustc uses for its own suggestions.
pub(crate) fn similar<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let tolerance = word.len().max(3) / 3;
    candidates
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerance)
        .min()
        .map(|(_, candidate)| candidate)
}
