//! `#[public]`: a handler that is open to all, and says why.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use crate::arguments::{self, Key, Once};
use crate::diagnostics::Diagnostics;
use crate::expand::place;
use crate::expression::Policies;
use crate::function::Function;
use crate::handler::{self, Declared};
use crate::paths::Runtime;
use crate::role::Role;
use crate::spelling::spelled;
use crate::types::{in_option, is_session, is_user};
use crate::values::Reason;

const ROLE: Role = Role::Public;

#[derive(Default)]
struct Public {
    reason: Once<Reason>,
    krate: Once<Path>,
}

const KEYS: &[Key<Public>] = &[
    Key { name: "reason", example: "reason = \"the shop window\"", several: None, slot: |public| &mut public.reason },
    Key { name: "crate", example: "crate = my_framework::os_session", several: None, slot: |public| &mut public.krate },
];

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new(ROLE);
    let public: Public = arguments::read(KEYS, arguments, &mut errors);
    // Whatever stands there instead has been reported.
    if public.reason.key().is_none() && errors.is_empty() {
        errors.error_missing("`#[public]` must give its reason", "write `#[public(reason = \"the shop window\")]`");
    }
    let function = match Function::read(&item, ROLE) {
        Ok(function) => function,
        Err(error) => return errors.fail(error, item),
    };
    let runtime = Runtime::new(public.krate.get());
    handler::check(&function, &runtime, &mut errors);
    check_parameters(&function, &runtime, &mut errors);
    if let Err(errors) = errors.finish() {
        let broken = handler::expand_broken(function, &runtime);
        return quote!(#errors #broken);
    }

    let place = place(&function.sig.ident, &runtime);
    let reason = public.reason.get().map(|Reason(reason)| reason);
    let declared = Declared {
        declaration: quote!(#runtime::Declaration::public(#place, #reason)),
        public: true,
        deny_fun: None,
        policies: Policies::default(),
        state: None,
        listed: true,
    };
    handler::expand(function, &declared, &runtime)
}

/// Without a look-up there is no session to hand over. This sees only the usual spellings, to say so early; the
/// extractors themselves refuse under any name.
fn check_parameters(function: &Function, runtime: &Runtime, errors: &mut Diagnostics) {
    for ty in function.parameter_types() {
        let inner = in_option(ty).unwrap_or(ty);
        if !is_user(inner, runtime) && !is_session(inner, runtime) {
            continue;
        }
        errors.error(
            ty,
            format_args!("`#[public]` handler `{}` cannot take `{}`", function.sig.ident, spelled(ty)),
            "write `#[connected(opt)]`: it lets everybody in and knows who is connected",
        );
    }
}
