//! Every message: what it says, what it underlines, and that nothing else is said.

mod arguments;
mod functions;
mod expressions;
mod together;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::expand;

/// The errors of an expansion, as pairs of the source text underlined and the message, and the rest of it.
fn errors(expansion: TokenStream) -> (Vec<(String, String)>, TokenStream) {
    let tokens: Vec<_> = expansion.into_iter().collect();
    let opening = quote!(::core::compile_error!).to_string();
    let mut errors = Vec::new();
    let mut rest = tokens.as_slice();
    while let [head @ .., TokenTree::Group(message)] = rest.get(..8).unwrap_or_default() {
        if head.iter().cloned().collect::<TokenStream>().to_string() != opening {
            break;
        }
        let text: syn::LitStr = syn::parse2(message.stream()).expect("the message is text");
        let span = head[0].span().join(message.span());
        let underlined = span.and_then(|span| span.source_text()).unwrap_or_default();
        errors.push((underlined, text.value()));
        rest = &rest[8..];
    }
    (errors, rest.iter().cloned().collect())
}

/// Expects these errors and no others, each with its line of help, and the function beside them.
#[track_caller]
fn check(source: &str, expected: &[(&str, &str, &str)]) {
    let (found, rest) = errors(expand(source));
    let expected: Vec<_> = expected
        .iter()
        .map(|(underlined, rule, help)| ((*underlined).to_owned(), format!("{rule}\nhelp: {help}")))
        .collect();
    assert_eq!(found, expected, "in {source}");
    let rest: syn::File = syn::parse2(rest).expect("what stands beside the errors is Rust");
    assert!(!rest.items.is_empty(), "the item of {source} is gone");
}

/// `#[connected(arguments)]` on a function that has no fault.
#[track_caller]
fn check_connected(arguments: &str, expected: &[(&str, &str, &str)]) {
    check(&format!("#[connected({arguments})] async fn home() {{}}"), expected);
}
