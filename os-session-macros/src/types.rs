//! What a type is, as far as its spelling tells. An alias hides it, so this is for hints alone: what must not be missed,
//! the types themselves decide.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

use crate::paths::Runtime;

/// `T` of `Option<T>`.
pub(crate) fn in_option(ty: &Type) -> Option<&Type> {
    let last = last_segment(ty)?;
    match argument(last)? {
        GenericArgument::Type(inner) if last.ident == "Option" => Some(inner),
        _ => None,
    }
}

/// `UserId`, `User<T>`
pub(crate) fn is_user(ty: &Type, runtime: &Runtime) -> bool {
    own_name(ty, runtime).is_some_and(|last| match argument(last) {
        None => last.ident == "UserId",
        Some(_) => last.ident == "User",
    })
}

pub(crate) fn is_session(ty: &Type, runtime: &Runtime) -> bool {
    own_name(ty, runtime).is_some_and(|last| last.ident == "Session" && argument(last).is_none())
}

/// Whether a type has an `impl Trait` in it.
pub(crate) fn mentions_impl(tokens: impl ToTokens) -> bool {
    tokens.into_token_stream().into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions_impl(group.stream()),
        TokenTree::Ident(word) => word == "impl",
        _ => false,
    })
}

const BODIES: &str = "Body Bytes BytesMut Form Json Multipart RawForm Request";
const VALUES: &str = "String Vec bool char f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize";

/// Whether a type is spelled like a plain value, or like what reads the body: an extractor of a request's head neither with
/// one state nor with another.
pub(crate) fn is_value_or_body(ty: &Type) -> bool {
    let ty = in_option(ty).unwrap_or(ty);
    last_segment(ty).is_some_and(|last| BODIES.split(' ').chain(VALUES.split(' ')).any(|name| last.ident == name))
}

fn own_name<'a>(ty: &'a Type, runtime: &Runtime) -> Option<&'a PathSegment> {
    match ty {
        Type::Path(path) => runtime.name_in(&path.path),
        _ => None,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn argument(segment: &PathSegment) -> Option<&GenericArgument> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.first(),
        _ => None,
    }
}
