//! `#[connected_rpc]` and `#[connected_wrapper]`: functions that are called inside a request, and check before they run.
//!
//! All that is generated stands inside the body: an attribute below that drops the body on a client drops it too.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, PatType, Token};

use crate::arguments;
use crate::diagnostics::Diagnostics;
use crate::expand::{ask_policies, output, place, state_or_unit};
use crate::function::Function;
use crate::neighbours;
use crate::paths::Runtime;
use crate::role::Role;
use crate::rule::{self, Rule};
use crate::spelling::spelled;
use crate::types::{in_option, is_user};

pub(crate) fn expand(kind: Role, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new(kind);
    let rule: Rule = arguments::read(rule::keys(kind), arguments, &mut errors);
    rule.check(&mut errors);
    let mut function = match Function::read(&item, kind) {
        Ok(function) => function,
        Err(error) => return errors.fail(error, item),
    };
    let runtime = rule.runtime();
    neighbours::check(&function, &runtime, &mut errors);
    function.check_shape(&mut errors);
    let user = match kind {
        Role::Rpc => take_user(&mut function, &mut errors),
        _ => None,
    };
    if let Some(user) = &user {
        check_user(user, &function, &rule, &mut errors);
    }
    if let Err(errors) = errors.finish() {
        let broken = expand_broken(function, user.as_ref(), &runtime);
        return quote!(#errors #broken);
    }

    match user {
        Some(user) => expand_rpc(function, &user, &rule, &runtime),
        None => expand_wrapper(function, &rule, &runtime),
    }
}

/// Takes the parameter that the caller does not see.
fn take_user(function: &mut Function, errors: &mut Diagnostics) -> Option<PatType> {
    let mut parameters = function.sig.inputs.clone().into_iter();
    let user = match parameters.next() {
        Some(FnArg::Typed(user)) => user,
        // Reported as what it is.
        Some(FnArg::Receiver(_)) => return None,
        None => {
            report_no_user(function, errors);
            return None;
        }
    };
    function.sig.inputs = parameters.collect();
    Some(user)
}

fn check_user(user: &PatType, function: &Function, rule: &Rule, errors: &mut Diagnostics) {
    let name = &function.sig.ident;
    // Without the parameter there would be no check.
    for attribute in user.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.error(
            attribute,
            format_args!("the user of server function `{name}` cannot be under `#[cfg]`"),
            "put `#[cfg]` on the function",
        );
    }
    if rule.is_optional() && is_user(&user.ty, &rule.runtime()) {
        let ty = spelled(&user.ty);
        errors.error(
            &user.ty,
            format_args!("server function `{name}` with `opt` must take an `Option`"),
            format_args!("write `Option<{ty}>`"),
        );
    } else if let (false, Some(ty)) = (rule.is_optional(), in_option(&user.ty)) {
        errors.error(
            &user.ty,
            format_args!("server function `{name}` cannot take an `Option` without `opt`"),
            format_args!("write `{}`, or `#[connected_rpc(opt)]`", spelled(ty)),
        );
    }
}

fn report_no_user(function: &Function, errors: &mut Diagnostics) {
    let name = &function.sig.ident;
    let mut parentheses = TokenStream::new();
    function.sig.paren_token.surround(&mut parentheses, |_| ());
    errors.error(
        parentheses,
        format_args!("server function `{name}` must take the user as its first parameter"),
        format_args!("write `{name}(user: UserId)`, or use `#[connected_wrapper]`, which hands over no user"),
    );
}

/// A server function with errors: callers see its signature, and its body finds a user of the right type.
fn expand_broken(mut function: Function, user: Option<&PatType>, runtime: &Runtime) -> TokenStream {
    neighbours::strip(&mut function, runtime);
    function.repair();
    if let Some(PatType { attrs, pat, ty, .. }) = user {
        function.prepend(&quote!(#(#attrs)* let #pat: #ty = ::core::unreachable!();));
        return quote!(#[allow(unreachable_code, unused_variables)] #function);
    }
    function.into_token_stream()
}

fn expand_rpc(mut function: Function, user: &PatType, rule: &Rule, runtime: &Runtime) -> TokenStream {
    let client = expand_client(&function);
    let place = place(&function.sig.ident, runtime);
    let registration = expand_registration(&quote!(#runtime::Declaration::rpc(#place)), rule, runtime);
    let PatType { attrs, pat, ty, .. } = user;
    let state = state_or_unit(rule.state());
    // Inferred from the type of the parameter below: rustc reports an unmet bound once, and in the signature.
    let inferred = Token![_](ty.span());
    let ask = expand_policies(rule, &state, runtime);
    let caller = if rule.is_optional() {
        quote!(#runtime::caller_opt::<#state, #inferred>(&__DECLARATION, #ask))
    } else {
        quote!(#runtime::caller::<#inferred, #state>(&__DECLARATION, #ask))
    };
    let refusal = Ident::new("refusal", Span::mixed_site());
    let refuse = expand_refuse(&function, &refusal, rule, runtime);
    let found = Ident::new("found", Span::mixed_site());
    let admitted = Ident::new("admitted", Span::mixed_site().located_at(ty.span()));
    function.prepend(&quote! {
        let #found = {
            #registration
            #caller.await
        };
        #(#attrs)*
        let #pat: #ty = match #found {
            ::core::result::Result::Ok(#admitted) => #admitted,
            ::core::result::Result::Err(#refusal) => return #refuse,
        };
    });
    quote! {
        #client

        #[cfg(not(target_arch = "wasm32"))]
        #function
    }
}

/// What a client has of a server function: its signature, to be called by whatever carries the call over. Nothing on a
/// client could be a check.
fn expand_client(function: &Function) -> TokenStream {
    let Function { attrs, vis, sig, .. } = function;
    let message = format!("`{}` runs on the server only", sig.ident);
    quote! {
        #[cfg(target_arch = "wasm32")]
        #(#attrs)*
        #[allow(unused_mut, unused_variables, clippy::missing_panics_doc, clippy::unused_async)]
        #vis #sig {
            ::core::panic!(#message)
        }
    }
}

fn expand_wrapper(mut function: Function, rule: &Rule, runtime: &Runtime) -> TokenStream {
    let place = place(&function.sig.ident, runtime);
    let registration = expand_registration(&quote!(#runtime::Declaration::wrapper(#place)), rule, runtime);
    let refusal = Ident::new("refusal", Span::mixed_site());
    let refuse = expand_refuse(&function, &refusal, rule, runtime);
    let state = state_or_unit(rule.state());
    let ask = expand_policies(rule, &state, runtime);
    function.prepend(&quote! {
        #[cfg(not(target_arch = "wasm32"))]
        {
            #registration
            if let ::core::result::Result::Err(#refusal) = #runtime::wrapper::<#state>(&__DECLARATION, #ask).await {
                return #refuse;
            }
        }
    });
    function.into_token_stream()
}

fn expand_registration(declaration: &TokenStream, rule: &Rule, runtime: &Runtime) -> TokenStream {
    let calls = rule.expand_for_server_function(runtime);
    let probe = runtime.probe();
    quote! {
        #probe
        static __DECLARATION: #runtime::Declaration = #declaration #calls;
        #runtime::inventory::submit! { #runtime::Registered(&__DECLARATION) }
    }
}

fn expand_policies(rule: &Rule, state: &TokenStream, runtime: &Runtime) -> TokenStream {
    ask_policies(&rule.policies(), state, runtime).unwrap_or_else(|| quote!(::core::option::Option::None))
}

/// The refusal in the function's own type.
fn expand_refuse(function: &Function, refusal: &Ident, rule: &Rule, runtime: &Runtime) -> TokenStream {
    let output = output(&function.sig);
    match rule.deny_fun() {
        None => quote!(#runtime::refuse::<#output>(#refusal)),
        Some(deny_fun) => {
            let state = state_or_unit(rule.state());
            let runtime = runtime.at(deny_fun.span());
            quote_spanned!(deny_fun.span()=> #runtime::refuse_with::<_, _, #state, #output>(#deny_fun, #refusal).await)
        }
    }
}
