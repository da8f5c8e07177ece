//! `#[policy]`: a question about a request, for rules to name.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

use crate::arguments::{self, Key, Once};
use crate::diagnostics::Diagnostics;
use crate::expand::{hidden_type, output};
use crate::function::Function;
use crate::neighbours;
use crate::paths::Runtime;
use crate::role::Role;

const ROLE: Role = Role::Policy;

/// As many as the runtime has implementations for.
const MOST_PARAMETERS: usize = 8;

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
    quote!(#function #named)
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
    let superfluous = sig.inputs.iter().skip(MOST_PARAMETERS);
    if superfluous.len() > 0 {
        errors.error(
            quote!(#(#superfluous),*),
            format_args!("policy `{name}` cannot take more than {MOST_PARAMETERS} parameters"),
            "put several into a tuple: `(path, query): (Path<u64>, Query<Filter>)`",
        );
    }
}

fn expand_named(function: &Function, runtime: &Runtime) -> TokenStream {
    let name = &function.sig.ident;
    // Of the function's name, so that whatever imports the one imports the other.
    let named = hidden_type(function, name);
    let cfgs = function.cfgs();
    let parameters: Vec<_> = function.parameter_types().collect();
    let output = output(&function.sig);
    let private = runtime.at(output.span());
    let answers = quote_spanned!(output.span()=> #private::is_policy_answer::<#output>());
    quote! {
        #named

        #(#cfgs)*
        const _: () = {
            // Once here, and not once in every rule that names it.
            const _: () = #answers;

            #[diagnostic::do_not_recommend]
            impl<__S> #runtime::Policy<__S> for #name
            where
                __S: ::core::marker::Send + ::core::marker::Sync + 'static,
                #(#parameters: #runtime::FromRequestParts<__S>,)*
            {
                fn ask<'a>(
                    parts: &'a mut #runtime::Parts,
                    state: &'a __S,
                ) -> #runtime::BoxFuture<'a, #runtime::PolicyOutcome> {
                    #runtime::PolicyFn::<(#(#parameters,)*), __S>::call(#name, parts, state)
                }
            }
        };
    }
}

/// A policy with errors is one all the same, or each rule that names it would be reported as well. It is never asked.
fn expand_broken(function: &Function, runtime: &Runtime) -> TokenStream {
    let name = &function.sig.ident;
    // Of the function's name, so that whatever imports the one imports the other.
    let named = hidden_type(function, name);
    let cfgs = function.cfgs();
    quote! {
        #named

        #(#cfgs)*
        impl<__S> #runtime::Policy<__S> for #name {
            fn ask<'a>(_: &'a mut #runtime::Parts, _: &'a __S) -> #runtime::BoxFuture<'a, #runtime::PolicyOutcome> {
                ::core::unreachable!()
            }
        }
    }
}
