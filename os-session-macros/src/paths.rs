//! The way from generated code to the runtime. No other file spells it.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Path, PathSegment};

use crate::spelling::spelled;

/// The runtime crate: `::os_session`, or what `crate = path` says. Its tokens are the module that generated code uses.
#[derive(Default)]
pub(crate) struct Runtime {
    path: Option<Path>,
}

impl Runtime {
    pub(crate) fn new(path: Option<&Path>) -> Self {
        Self { path: path.cloned() }
    }

    /// The same for a call that rustc may have to object to: its whole path stands at what the user wrote.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let respan = |mut token: TokenTree| {
            token.set_span(span);
            token
        };
        self.to_token_stream().into_iter().map(respan).collect()
    }

    /// A statement that fails where there is no `::os_session`, and does nothing elsewhere.
    ///
    /// rustc names the macro in its note, which is the only text of ours in that error.
    pub(crate) fn probe(&self) -> Option<TokenStream> {
        self.path.is_none().then(|| {
            quote! {
                macro_rules! a_renamed_crate_needs_crate_equals_its_name {
                    () => { #[allow(unused_imports)] use ::os_session as _; };
                }
                a_renamed_crate_needs_crate_equals_its_name! {}
            }
        })
    }

    /// The last part of a path to something of this crate: `Session` of `Session` and of `os_session::Session`.
    ///
    /// A macro sees spellings and not what they mean, so this serves hints and better messages, never a decision on
    /// who gets in.
    pub(crate) fn name_in<'a>(&self, path: &'a Path) -> Option<&'a PathSegment> {
        let last = path.segments.last()?;
        let written = spelled(path);
        let prefix = written.strip_suffix(&spelled(last))?.trim_start_matches("::");
        let is_ours = |prefix: &str| {
            prefix == "os_session"
                || self.path.as_ref().is_some_and(|path| prefix == spelled(path).trim_start_matches("::"))
        };
        (prefix.is_empty() || prefix.strip_suffix("::").is_some_and(is_ours)).then_some(last)
    }
}

impl ToTokens for Runtime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.path {
            None => tokens.extend(quote!(::os_session::__private)),
            Some(path) => tokens.extend(quote!(#path::__private)),
        }
    }
}
