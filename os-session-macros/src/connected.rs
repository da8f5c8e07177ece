//! `#[connected]`: a handler with a rule.

use proc_macro2::TokenStream;
use quote::quote;

use crate::arguments;
use crate::diagnostics::Diagnostics;
use crate::expand::place;
use crate::function::Function;
use crate::handler::{self, Declared};
use crate::paths::Runtime;
use crate::role::Role;
use crate::rule::{self, Rule};
use crate::spelling::spelled;
use crate::types::is_user;

const ROLE: Role = Role::Connected;

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new(ROLE);
    let rule: Rule = arguments::read(rule::keys(ROLE), arguments, &mut errors);
    rule.check(&mut errors);
    let function = match Function::read(&item, ROLE) {
        Ok(function) => function,
        Err(error) => return errors.fail(error, item),
    };
    let runtime = rule.runtime();
    handler::check(&function, &runtime, &mut errors);
    if rule.admits_visitors() {
        check_parameters(&function, &runtime, &mut errors);
    }
    if let Err(errors) = errors.finish() {
        let broken = handler::expand_broken(function, &runtime);
        return quote!(#errors #broken);
    }

    let place = place(&function.sig.ident, &runtime);
    let calls = rule.expand(&runtime);
    let declared = Declared {
        declaration: quote!(#runtime::Declaration::page(#place) #calls),
        public: false,
        deny_fun: rule.deny_fun(),
        policies: rule.policies(),
        state: rule.state(),
        listed: true,
    };
    handler::expand(function, &declared, &runtime)
}

/// A visitor has no user to hand over. This sees only the usual spellings; under an alias it is the
/// extractor that refuses the request.
fn check_parameters(function: &Function, runtime: &Runtime, errors: &mut Diagnostics) {
    for ty in function.parameter_types().filter(|ty| is_user(ty, runtime)) {
        let written = spelled(ty);
        errors.error(
            ty,
            format_args!("handler `{}` with `opt` cannot take `{written}`", function.sig.ident),
            format_args!("write `Option<{written}>`, or leave `opt` out"),
        );
    }
}
