//! The rule of `#[connected]`, `#[connected_rpc]` and `#[connected_wrapper]`: who gets in, and what the others hear.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Path, Type};

use crate::arguments::{Key, Once};
use crate::diagnostics::Diagnostics;
use crate::expand::state_type;
use crate::expression::{Expression, Policies};
use crate::paths::Runtime;
use crate::proof;
use crate::role::Role;
use crate::values::{Flag, FnPath, Reason, Seconds};

#[derive(Default)]
pub(crate) struct Rule {
    allow: Once<Expression>,
    deny: Once<Expression>,
    fresh: Once<Seconds>,
    deny_fun: Once<FnPath>,
    opt: Once<Flag>,
    force_unconnected: Once<Flag>,
    state: Once<Type>,
    cross_site: Once<Reason>,
    krate: Once<Path>,
}

const KEYS: &[Key<Rule>; 9] = &[
    Key {
        name: "allow",
        example: "allow = \"admin\"",
        several: Some("allow = [\"admin\", \"staff\"]"),
        slot: |rule| &mut rule.allow,
    },
    Key {
        name: "deny",
        example: "deny = \"banned\"",
        several: Some("deny = [\"banned\", \"guest\"]"),
        slot: |rule| &mut rule.deny,
    },
    Key { name: "fresh", example: "fresh = \"15min\"", several: None, slot: |rule| &mut rule.fresh },
    Key { name: "deny_fun", example: "deny_fun = sorry", several: None, slot: |rule| &mut rule.deny_fun },
    Key { name: "opt", example: "opt", several: None, slot: |rule| &mut rule.opt },
    Key {
        name: "force_unconnected",
        example: "force_unconnected",
        several: None,
        slot: |rule| &mut rule.force_unconnected,
    },
    Key { name: "state", example: "state = App", several: None, slot: |rule| &mut rule.state },
    Key { name: "crate", example: "crate = my_framework::os_session", several: None, slot: |rule| &mut rule.krate },
    Key {
        name: "cross_site",
        example: "cross_site = \"the payment provider posts here\"",
        several: None,
        slot: |rule| &mut rule.cross_site,
    },
];

/// The arguments that a role takes.
pub(crate) fn keys(role: Role) -> &'static [Key<Rule>] {
    // A server function runs inside a request that has been let in already.
    let [everywhere @ .., _cross_site] = KEYS;
    if role == Role::Connected { KEYS } else { everywhere }
}

/// Checking: what arguments say together.
impl Rule {
    pub(crate) fn check(&self, errors: &mut Diagnostics) {
        proof::check(self.allow.get(), self.deny.get(), errors);
        self.check_force_unconnected(errors);
        self.check_opt(errors);
    }

    /// A rule that nobody can meet; and for whoever reads `force_unconnected` alone, a rule that seems to ask for a
    /// connection.
    fn check_force_unconnected(&self, errors: &mut Diagnostics) {
        let Some(key) = self.force_unconnected.key() else {
            return;
        };
        let wants_connection = self.allow.key().map(|_| "allow").or(self.fresh.key().map(|_| "fresh"));
        if let Some(other) = wants_connection {
            errors.error(
                key,
                format_args!("`force_unconnected` cannot stand beside `{other}`"),
                "the request counts as unconnected, so nobody would get in; keep one of the two",
            );
        } else if self.opt.key().is_none() && errors.role() != Role::Wrapper {
            errors.error(
                key,
                "`force_unconnected` must stand beside `opt`",
                format_args!("write `#[{}(opt, force_unconnected)]`", errors.role().attribute()),
            );
        }
    }

    fn check_opt(&self, errors: &mut Diagnostics) {
        if let (Role::Wrapper, Some(key)) = (errors.role(), self.opt.key()) {
            errors.error(
                key,
                "`opt` cannot be used on `#[connected_wrapper]`",
                "it is already optional: leave `opt` out",
            );
        } else if let (Some(key), Some(_)) = (self.opt.key(), self.fresh.key()) {
            errors.error(
                key,
                "`opt` cannot stand beside `fresh`",
                "nobody in particular has proved who they are; keep one of the two",
            );
        }
    }
}

/// Expanding.
impl Rule {
    pub(crate) fn runtime(&self) -> Runtime {
        Runtime::new(self.krate.get())
    }

    pub(crate) fn state(&self) -> Option<&Type> {
        self.state.get()
    }

    pub(crate) fn deny_fun(&self) -> Option<&syn::ExprPath> {
        self.deny_fun.get().map(|FnPath(path)| path)
    }

    pub(crate) fn is_optional(&self) -> bool {
        self.opt.get().is_some()
    }

    /// Whether it lets in who is not connected.
    pub(crate) fn admits_visitors(&self) -> bool {
        self.is_optional() && self.allow.key().is_none()
    }

    /// The policies that it names, by their numbers.
    pub(crate) fn policies(&self) -> Policies<'_> {
        Policies::of(self.allow.get().into_iter().chain(self.deny.get()))
    }

    /// The calls that add this rule to a declaration.
    pub(crate) fn expand(&self, runtime: &Runtime) -> TokenStream {
        let policies = self.policies();
        let expand = |expression: &Expression| expression.expand(&policies, runtime);
        let allow = self.allow.get().map(expand).into_iter();
        let deny = self.deny.get().map(expand).into_iter();
        let optional = self.is_optional().then(|| quote!(.optional()));
        let unconnected = self.force_unconnected.get().map(|_| quote!(.unconnected()));
        let cross_site = self.cross_site.get().map(|Reason(reason)| quote!(.cross_site(#reason)));
        let fresh = self.fresh.get().map(|Seconds(seconds)| quote!(.fresh(#seconds)));
        quote!(#(.allow(#allow))* #(.deny(#deny))* #fresh #optional #unconnected #cross_site)
    }

    /// The same for a server function, which finds its state and the request's parts where the request runs.
    pub(crate) fn expand_for_server_function(&self, runtime: &Runtime) -> TokenStream {
        let rule = self.expand(runtime);
        let state = state_type(self.state(), runtime);
        let wants_parts = self.deny_fun().is_some() || self.policies().iter().next().is_some();
        let keeps_parts = wants_parts.then(|| quote!(.keeps_parts(true)));
        quote!(#rule #state #keeps_parts)
    }
}
