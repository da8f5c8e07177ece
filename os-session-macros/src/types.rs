//! What a type is, as far as its spelling tells. An alias hides it, so this is for hints alone: what must not be missed,
//! the types themselves decide.

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
