//! `#[on_…]`: functions that run at an event.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Path, Type, parse_quote};

use crate::arguments::{self, Key, Once};
use crate::diagnostics::Diagnostics;
use crate::expand::{free_function, output, parameter_aliases, place, state_or_unit, state_type};
use crate::function::Function;
use crate::neighbours;
use crate::paths::Runtime;
use crate::role::{Event, Role};

#[derive(Default)]
struct Hook {
    order: Once<i32>,
    state: Once<Type>,
    krate: Once<Path>,
}

const KEYS: &[Key<Hook>] = &[
    Key { name: "order", example: "order = 10", several: None, slot: |hook| &mut hook.order },
    Key { name: "state", example: "state = App", several: None, slot: |hook| &mut hook.state },
    Key { name: "crate", example: "crate = my_framework::os_session", several: None, slot: |hook| &mut hook.krate },
];

pub(crate) fn expand(event: Event, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let role = Role::Hook(event);
    let mut errors = Diagnostics::new(role);
    let hook: Hook = arguments::read(KEYS, arguments, &mut errors);
    let mut function = match Function::read(&item, role) {
        Ok(function) => function,
        Err(error) => return errors.fail(error, item),
    };
    let runtime = Runtime::new(hook.krate.get());
    neighbours::check(&function, &runtime, &mut errors);
    function.check_shape(&mut errors);
    check_types(&function, &mut errors);
    if let Err(errors) = errors.finish() {
        neighbours::strip(&mut function, &runtime);
        function.repair();
        return quote!(#errors #function);
    }

    let registration = expand_registration(event, &hook, &function, &runtime);
    // The attribute asks for `async`, whatever the hook does.
    function.attrs.push(parse_quote!(#[allow(clippy::unused_async)]));
    free_function(role, &quote!(#function #registration))
}

/// A hook is one function with one signature, to which the event hands over what it owns.
fn check_types(function: &Function, errors: &mut Diagnostics) {
    let sig = &function.sig;
    if !sig.generics.params.is_empty() {
        errors.error(
            &sig.generics,
            format_args!("hook `{}` cannot be generic", sig.ident),
            "it is registered once, at link time: name the types",
        );
    }
    function.check_parameter_types("it is registered once, at link time", errors);
}

fn expand_registration(event: Event, hook: &Hook, function: &Function, runtime: &Runtime) -> TokenStream {
    let cfgs = function.cfgs();
    let name = &function.sig.ident;
    let kind = format_ident!("{}", event.name());
    let event = format_ident!("{}", event.attribute());
    let place = place(name, runtime);
    let state = state_or_unit(hook.state.get());

    let (aliases, declared) = parameter_aliases(function);
    let parameters: Vec<_> = aliases
        .iter()
        .map(|alias| quote_spanned!(alias.span()=> <#alias as #runtime::HookParam<#runtime::event::#event, #state>>))
        .collect();
    let input = Ident::new("input", Span::mixed_site());
    let taken = parameters
        .iter()
        .zip(&aliases)
        .map(|(parameter, alias)| quote_spanned!(alias.span()=> #parameter::take(#input).await?));
    let (binding, needs_parts) = if parameters.is_empty() {
        (quote!(_), quote!(false))
    } else {
        (quote!(#input), quote!(#(#parameters::NEEDS_PARTS)||*))
    };
    let outcome = output(&function.sig);
    // At the function's name, since it may turn out not to be `Send`.
    let here = Span::call_site().located_at(name.span());
    let future = quote_spanned! {here=>
        ::std::boxed::Box::pin(async move {
            <#outcome as #runtime::HookOutcome>::outcome(#name(#(#taken),*).await)
        })
    };

    let order = hook.order.get().into_iter();
    let state_type = state_type(hook.state.get(), runtime);
    let probe = runtime.probe();
    quote! {
        #(#cfgs)*
        #[allow(deprecated)]
        const _: () = {
            #probe
            #declared

            const __HOOK: #runtime::Hook = #runtime::Hook::new(
                #runtime::EventKind::#kind,
                #place,
                |#binding| #future,
            )
            #(.order(#order))*
            #state_type
            .needs_parts(#needs_parts);

            #runtime::inventory::submit! { __HOOK }
        };
    }
}
