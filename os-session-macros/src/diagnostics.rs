//! The mistakes of one attribute and its function, reported together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

use crate::role::Role;

/// Collects errors until [`Diagnostics::finish`], which must be called.
///
/// Each error is a broken rule, underlined as narrowly as possible, and a line of help: the code to write instead.
pub(crate) struct Diagnostics {
    role: Role,
    /// `None` once finished.
    errors: Option<Vec<Error>>,
}

impl Diagnostics {
    pub(crate) fn new(role: Role) -> Self {
        Self { role, errors: Some(Vec::new()) }
    }

    /// The role of the function, for messages that name it or its attribute.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Whether nothing has been reported yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.as_ref().is_none_or(Vec::is_empty)
    }

    /// Underlines `at`, from its first token to its last.
    pub(crate) fn error(&mut self, at: impl ToTokens, rule: impl Display, help: impl Display) {
        self.push(error(at, rule, help));
    }

    /// Underlines the whole attribute: what is missing stands nowhere.
    pub(crate) fn error_missing(&mut self, rule: impl Display, help: impl Display) {
        self.push(Error::new(Span::call_site(), message(rule, help)));
    }

    pub(crate) fn push(&mut self, error: Error) {
        self.errors.get_or_insert_default().push(error);
    }

    /// `Err` are the errors as tokens. Only after `Ok` may the function be put to use.
    pub(crate) fn finish(mut self) -> Result<(), TokenStream> {
        match self.errors.take().unwrap_or_default() {
            none if none.is_empty() => Ok(()),
            errors => Err(errors.iter().map(Error::to_compile_error).collect()),
        }
    }

    /// The end where there is no function: all errors, this one the last, and the item as it was.
    pub(crate) fn fail(mut self, error: Error, item: TokenStream) -> TokenStream {
        self.push(error);
        let errors = self.finish().err();
        errors.into_iter().chain([item]).collect()
    }
}

/// A broken rule, underlined from the first token of `at` to its last, and a line of help.
pub(crate) fn error(at: impl ToTokens, rule: impl Display, help: impl Display) -> Error {
    Error::new_spanned(at, message(rule, help))
}

/// rustc indents the lines of a message after the first, which makes the second one look like its own help.
fn message(rule: impl Display, help: impl Display) -> String {
    format!("{rule}\nhelp: {help}")
}

/// Errors that nobody asked for would be a handler whose broken rule compiles.
impl Drop for Diagnostics {
    fn drop(&mut self) {
        let is_read = self.errors.is_none() || std::thread::panicking();
        assert!(is_read, "the diagnostics of `#[{}]` were dropped unread", self.role.attribute());
    }
}
