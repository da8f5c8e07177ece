//! `#[policy]`: a question about a request, for rules to name.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, parse_quote};

use crate::arguments::{self, Key, Once};
use crate::diagnostics::Diagnostics;
use crate::expand::{free_function, hidden_type, output, parameter_aliases};
use crate::function::Function;
use crate::neighbours;
use crate::paths::Runtime;
use crate::role::Role;
use crate::types::is_value_or_body;

const ROLE: Role = Role::Policy;

#[derive(Default)]
struct Policy {
    krate: Once<Path>,
}

const KEYS: &[Key<Policy>] = &[Key {
    name: "crate",
    example: "crate = my_framework::os_session",
    several: None,
    slot: |policy| &mut policy.krate,
}];

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new(ROLE);
    let policy: Policy = arguments::read(KEYS, arguments, &mut errors);
    let mut function = match Function::read(&item, ROLE) {
        Ok(function) => function,
        Err(error) => return errors.fail(error, item),
    };
    let runtime = Runtime::new(policy.krate.get());
    neighbours::check(&function, &runtime, &mut errors);
    function.check_shape(&mut errors);
    check(&function, &mut errors);
    if let Err(errors) = errors.finish() {
        neighbours::strip(&mut function, &runtime);
        function.repair();
        let named = (function.sig.receiver().is_none()).then(|| expand_broken(&function, &runtime));
        return quote!(#errors #function #named);
    }
    let named = expand_named(&function, &runtime);
    // The attribute asks for `async`, whatever the policy does.
    function.attrs.push(parse_quote!(#[allow(clippy::unused_async)]));
    free_function(ROLE, &quote!(#function #named))
}

fn check(function: &Function, errors: &mut Diagnostics) {
    let sig = &function.sig;
    let name = &sig.ident;
    if name.to_string().trim_start_matches("r#").trim_start_matches('_').starts_with(char::is_uppercase) {
        errors.error(
            name,
            format_args!("policy `{name}` must begin in lower case"),
            "a rule takes a path that ends in upper case for a group",
        );
    }
    if !sig.generics.params.is_empty() {
        errors.error(
            &sig.generics,
            format_args!("policy `{name}` cannot be generic"),
            "a rule names it without types; write one function for each",
        );
    }
    function.check_parameter_types("a rule names it without types", errors);
}

fn expand_named(function: &Function, runtime: &Runtime) -> TokenStream {
    let name = &function.sig.ident;
    // Of the function's name, so that whatever imports the one imports the other.
    let named = hidden_type(&function.vis, name);
    let cfgs: Vec<_> = function.cfgs().collect();
    let (aliases, declared) = parameter_aliases(function);
    // Hygienic, since the policy may have one of these names.
    let parts = Ident::new("parts", Span::mixed_site());
    let state = Ident::new("state", Span::mixed_site());
    let mut bounds = Vec::new();
    let mut taken = Vec::new();
    for (alias, ty) in aliases.iter().zip(function.parameter_types()) {
        let here = alias.span();
        let private = runtime.at(here);
        if is_value_or_body(ty) {
            // With the one state `()`, so that it is a mistake here and not in every router.
            taken.push(quote_spanned!(here=> #private::taker::<#alias>()(#parts).await?));
        } else {
            bounds.push(quote_spanned!(here=> #alias: #private::PolicyParameter<__S>));
            taken.push(quote_spanned!(here=> #private::take::<#alias, __S>(#parts, #state).await?));
        }
    }
    let output = output(&function.sig);
    // At the function's name, since its future may turn out not to be `Send`.
    let private = runtime.at(name.span());
    let asked = quote_spanned! {name.span()=>
        #private::asked(async move { <#output as #private::PolicyAnswer>::into_answer(#name(#(#taken),*).await) })
    };
    let probe = runtime.probe();
    quote! {
        #(#cfgs)*
        #named

        #(#cfgs)*
        #[allow(deprecated)]
        const _: () = {
            #probe
            #declared

            impl<__S> #runtime::Policy<__S> for #name
            where
                __S: ::core::marker::Send + ::core::marker::Sync + 'static,
                #(#bounds,)*
            {
                #[allow(unused_variables)]
                fn ask<'a>(
                    #parts: &'a mut #runtime::Parts,
                    #state: &'a __S,
                ) -> #runtime::BoxFuture<'a, #runtime::PolicyOutcome> {
                    #asked
                }
            }
        };
    }
}

/// A policy with errors is one all the same, or each rule that names it would be reported as well. It is never asked.
fn expand_broken(function: &Function, runtime: &Runtime) -> TokenStream {
    let name = &function.sig.ident;
    // Of the function's name, so that whatever imports the one imports the other.
    let named = hidden_type(&function.vis, name);
    let cfgs: Vec<_> = function.cfgs().collect();
    quote! {
        #(#cfgs)*
        #named

        #(#cfgs)*
        impl<__S> #runtime::Policy<__S> for #name {
            fn ask<'a>(_: &'a mut #runtime::Parts, _: &'a __S) -> #runtime::BoxFuture<'a, #runtime::PolicyOutcome> {
                ::core::unreachable!()
            }
        }
    }
}
