//! The function under an attribute, and what its shape must be.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, FnArg, Item, Safety, Signature, Token, Type, Visibility, braced, token};

use crate::diagnostics::{Diagnostics, error};
use crate::role::Role;
use crate::types::mentions_impl;

/// A function as it was written. The body stays unread: nothing in it is ours to judge.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    brace: token::Brace,
    body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let body;
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            brace: braced!(body in input),
            body: body.parse()?,
        })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, sig, brace, body } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig));
        brace.surround(tokens, |tokens| body.to_tokens(tokens));
    }
}

/// Reading and repairing.
impl Function {
    pub(crate) fn read(item: &TokenStream, role: Role) -> syn::Result<Self> {
        syn::parse2(item.clone()).map_err(|error| describe_other_item(item, role).unwrap_or(error))
    }

    /// Puts statements before those of the body, behind its inner attributes.
    pub(crate) fn prepend(&mut self, statements: &TokenStream) {
        let split = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_inner)?, input.parse()?));
        // Inner attributes that are none are rustc's to report, and the editor's to complete.
        let (inner, rest) = split.parse2(self.body.clone()).unwrap_or_else(|_| (Vec::new(), self.body.clone()));
        self.body = quote!(#(#inner)* #statements #rest);
    }

    /// The `#[cfg]`s of the function, for what is generated beside it.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        self.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }

    /// Mends what has been reported about the shape, so that rustc does not report it again in other words.
    pub(crate) fn repair(&mut self) {
        if self.sig.receiver().is_some() {
            return;
        }
        self.sig.constness = None;
        self.sig.asyncness.get_or_insert_default();
        self.sig.safety = Safety::Default;
        self.sig.abi = None;
        self.sig.variadic = None;
    }

    /// The types of the parameters.
    pub(crate) fn parameter_types(&self) -> impl Iterator<Item = &Type> {
        self.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(parameter) => Some(&*parameter.ty),
            FnArg::Receiver(_) => None,
        })
    }
}

/// Checking.
impl Function {
    /// What holds in every role.
    pub(crate) fn check_shape(&self, errors: &mut Diagnostics) {
        let role = errors.role();
        let sig = &self.sig;
        let who = format!("{} `{}`", role.noun(), sig.ident);
        if let Some(constness) = &sig.constness {
            errors.error(constness, format_args!("{who} cannot be `const`"), "remove `const`");
        }
        if let Safety::Unsafe(unsafety) = &sig.safety {
            errors.error(unsafety, format_args!("{who} cannot be `unsafe`"), "remove `unsafe`");
        }
        if let Some(abi) = &sig.abi {
            errors.error(abi, format_args!("{who} cannot be `extern`"), "remove the ABI");
        }
        if sig.asyncness.is_none() {
            errors.error(
                sig.fn_token,
                format_args!("{who} must be async"),
                format_args!("write `async fn {}`", sig.ident),
            );
        }
        if let Some(receiver) = sig.receiver() {
            let help = match role {
                Role::Rpc | Role::Wrapper => "make it a free function and hand over what it needs as a parameter",
                _ => "make it a free function and receive what it needs with `State`",
            };
            errors.error(receiver, format_args!("{who} cannot take `self`"), help);
        }
        if let Some(variadic) = &sig.variadic {
            errors.error(variadic, format_args!("{who} cannot be variadic"), "remove `...`");
        }
    }

    /// What holds where parameters are taken by generated code, which names their types; `reason` says why it has to.
    pub(crate) fn check_parameter_types(&self, reason: &str, errors: &mut Diagnostics) {
        let who = format!("{} `{}`", errors.role().noun(), self.sig.ident);
        for ty in self.parameter_types() {
            if mentions_impl(ty) {
                let help = format_args!("{reason}: name the type");
                errors.error(ty, format_args!("{who} cannot take an `impl Trait`"), help);
            } else if let Type::Reference(_) = ty {
                errors.error(ty, format_args!("{who} cannot take a reference"), "take the value, as a handler does");
            }
        }
    }
}

/// Says what an item is that is no function with a body. What is no item at all, or one of a later Rust, is left to the
/// parser's own words.
fn describe_other_item(item: &TokenStream, role: Role) -> Option<syn::Error> {
    let attribute = role.attribute();
    if let Ok(end) = end_of_declaration.parse2(item.clone()) {
        return Some(error(
            end,
            format_args!("`#[{attribute}]` can only be used on functions with a body"),
            "put it on a free function",
        ));
    }
    if let Ok(Item::Fn(_) | Item::Verbatim(_)) | Err(_) = syn::parse2(item.clone()) {
        return None;
    }
    let word = first_word.parse2(item.clone()).ok()?;
    Some(error(
        &word,
        format_args!("`#[{attribute}]` can only be used on functions: expected `fn`, found `{word}`"),
        format_args!("put it on the {}: `{} async fn …`", role.noun(), role.example()),
    ))
}

/// The `;` of a function without a body.
fn end_of_declaration(input: ParseStream<'_>) -> syn::Result<Token![;]> {
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    input.parse::<Signature>()?;
    input.parse()
}

/// What an item begins with, attributes and visibility aside.
pub(crate) fn first_word(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    let word = input.call(Ident::parse_any)?;
    input.parse::<TokenStream>()?;
    Ok(word)
}
