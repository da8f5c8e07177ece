//! Pieces of generated code that several attributes need.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{ReturnType, Signature, Type, Visibility};

use crate::expression::Policies;
use crate::function::Function;
use crate::paths::Runtime;
use crate::role::Role;
use crate::spelling::spelled;
use crate::types::mentions_impl;

/// Where a function was declared.
pub(crate) fn place(name: &Ident, runtime: &Runtime) -> TokenStream {
    let name = name.unraw().to_string();
    quote! {
        #runtime::Place {
            name: #name,
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
        }
    }
}

/// Items that can stand wherever a free function can.
///
/// In an `impl` or a `trait` rustc refuses the definition of the macro, and then cannot find the
/// macro: its name is the message. An attribute cannot see where its function stands.
pub(crate) fn free_function(role: Role, items: &TokenStream) -> TokenStream {
    let name = format_ident!("{}_is_for_free_functions_only", role.attribute());
    quote! {
        #[doc(hidden)]
        macro_rules! #name {
            ($($item:tt)*) => { $($item)* };
        }
        #name! { #items }
    }
}

/// A type without values, for generated code.
pub(crate) fn hidden_type(vis: &Visibility, name: &Ident) -> TokenStream {
    quote! {
        #[doc(hidden)]
        #[allow(
            dead_code,
            missing_copy_implementations,
            missing_debug_implementations,
            non_camel_case_types,
            unreachable_pub
        )]
        #vis enum #name {}
    }
}

/// The argument of a `.state(…)`, and nothing where no state is named.
pub(crate) fn state_type(state: Option<&Type>, runtime: &Runtime) -> Option<TokenStream> {
    let state = state?;
    let name = spelled(state);
    Some(quote!(.state(#runtime::StateType::of::<#state>(#name))))
}

/// The state that a server function or a hook works with: `()` where none is named.
pub(crate) fn state_or_unit(state: Option<&Type>) -> TokenStream {
    state.map_or_else(|| quote!(()), ToTokens::to_token_stream)
}

/// What a function returns, to be named in a generic argument: an unmet bound is then underlined in the signature.
pub(crate) fn output(sig: &Signature) -> TokenStream {
    match &sig.output {
        ReturnType::Default => quote_spanned!(sig.ident.span()=> ()),
        // An `impl Trait` has no name; the compiler infers it.
        ReturnType::Type(_, ty) if mentions_impl(ty) => quote!(_),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}

/// A name of one word for the type of each parameter, and the items that declare them.
///
/// rustc reports an unmet bound wherever a generic call repeats it, unless all of that is in one place: so whatever becomes
/// of a parameter stands at its type, under this name.
pub(crate) fn parameter_aliases(function: &Function) -> (Vec<Ident>, TokenStream) {
    let types: Vec<_> = function.parameter_types().collect();
    let aliases: Vec<_> =
        types.iter().enumerate().map(|(index, ty)| format_ident!("__Parameter{index}", span = ty.span())).collect();
    let declared = quote!(#(type #aliases = #types;)*);
    (aliases, declared)
}

/// How the policies of a rule are asked, in requests of a router with that state; nothing where there are none.
pub(crate) fn ask_policies(policies: &Policies<'_>, state: &TokenStream, runtime: &Runtime) -> Option<TokenStream> {
    let arms: Vec<_> = policies
        .iter()
        .enumerate()
        .map(|(number, policy)| {
            let here = policy.span();
            let private = runtime.at(here);
            let ask = quote_spanned!(here=> <#policy as #private::Policy<#state>>::ask);
            // The last one has no other number to be told from.
            let number = match u8::try_from(number) {
                Ok(number) if usize::from(number) + 1 < policies.iter().count() => quote!(#number),
                _ => quote!(_),
            };
            quote!(#number => #ask(parts, state))
        })
        .collect();
    (!arms.is_empty()).then(|| quote!(::core::option::Option::Some(|number, parts, state| match number { #(#arms,)* })))
}
