//! Whatever is wrong with an attribute or with its function, the body comes out as it went in: an editor completes inside it.

use std::str::FromStr;

use proc_macro2::TokenStream;

use super::expand;
use crate::role::Role;

/// As they are while somebody types.
const BODIES: &[&str] =
    &["user.", "let name = user. ; name", "if user == { Group:: } else { html!(<p>{user.}</p>) }", "#![] user."];

const FUNCTIONS: &[&str] = &[
    "async fn home(user: UserId)",
    "pub fn home(user: &UserId, rest: impl Clone) -> Result<(), Error>",
    "async fn home()",
    "async fn Home<T>(&self, user: T)",
    "const unsafe extern \"C\" fn home(user: UserId, ...)",
    "#[connected] #[on_request] #[policy] #[public] async fn home(user: UserId)",
    "async fn home(user: )",
    "async fn home(user: UserId) ->",
    "async home(user: UserId)",
];

const ARGUMENTS: &[&str] = &[
    "alow = \"admin\"",
    "allow =",
    "allow = Group::",
    "allow = owns & , deny = \"admin\" |",
    "state = App<",
    "crate =",
    "order = user.",
    "= 3",
    ",",
];

#[track_caller]
fn check(attribute: &str) {
    for function in FUNCTIONS {
        for body in BODIES {
            let source = format!("{attribute} {function} {{ {body} }}");
            let body = TokenStream::from_str(body).expect("the body is made of tokens").to_string();
            let expansion = expand(&source).to_string();
            assert!(expansion.contains(&body), "{source} became {expansion}");
        }
    }
}

#[test]
fn under_wrong_arguments() {
    for role in Role::all() {
        for arguments in ARGUMENTS {
            check(&format!("#[{}({arguments})]", role.attribute()));
        }
    }
}

#[test]
fn under_right_arguments() {
    for role in Role::all() {
        check(&role.example());
    }
}
