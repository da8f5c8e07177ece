//! What the attributes write: the code, in [`expansions`], the messages, in [`messages`], and always the [`bodies`].

mod bodies;
mod every_expression;
mod expansions;
mod messages;
mod proofs;

use std::str::FromStr;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Meta;
use syn::parse::Parser;

use crate::paths::Runtime;
use crate::role::Role;

/// Expands the first attribute of a source text, as the compiler would.
fn expand(source: &str) -> TokenStream {
    let item = TokenStream::from_str(source).expect("the source is made of tokens");
    let first_attribute = |input: syn::parse::ParseStream<'_>| {
        input.parse::<syn::Token![#]>()?;
        let content;
        syn::bracketed!(content in input);
        Ok((content.parse::<Meta>()?, input.parse::<TokenStream>()?))
    };
    let (attribute, item) = first_attribute.parse2(item).expect("the source begins with an attribute");
    let role = Role::of(attribute.path(), &Runtime::default()).expect("the attribute is one of ours");
    let arguments = match attribute {
        Meta::Path(_) => quote!(),
        Meta::List(list) => list.tokens,
        Meta::NameValue(_) => panic!("`#[key = value]` is no call of an attribute macro"),
    };
    crate::expand(role, arguments, item)
}

#[test]
fn every_role_has_its_entry_point() {
    let entered: Vec<_> = crate::ENTRY_POINTS.to_vec();
    let expected: Vec<_> = Role::all().map(|role| (role.attribute(), role)).collect();
    assert_eq!(entered, expected);
}
