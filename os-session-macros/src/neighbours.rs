//! Other attributes of ours on the same function: which may stand together.

use syn::Attribute;

use crate::diagnostics::Diagnostics;
use crate::function::Function;
use crate::paths::Runtime;
use crate::role::Role;

/// One function is one handler, one server function, or a hook of as many events as it likes.
///
/// The attribute that stands first is expanded first and sees those below it, so every pair is met here once.
pub(crate) fn check(function: &Function, runtime: &Runtime, errors: &mut Diagnostics) {
    let mine = errors.role();
    let name = &function.sig.ident;
    for (attribute, other) in ours(&function.attrs, runtime) {
        if other == mine {
            let help = match mine {
                Role::Public | Role::Policy | Role::Group | Role::Hook(_) => "keep one of them".to_owned(),
                _ => {
                    format!("one attribute takes both: `#[{}(allow = \"admin\", deny = \"banned\")]`", mine.attribute())
                }
            };
            errors.error(attribute, format_args!("duplicate `#[{}]` on `{name}`", mine.attribute()), help);
        } else if mine.is_hook() != other.is_hook() {
            let (wrapper, hook) = if mine.is_hook() { (other, mine) } else { (mine, other) };
            errors.error(
                attribute,
                format_args!(
                    "`{name}` cannot be both a `#[{}]` {} and an `#[{}]` hook",
                    wrapper.attribute(),
                    wrapper.noun(),
                    hook.attribute()
                ),
                "write two functions, and a third for what they share",
            );
        } else if !mine.is_hook() {
            let help = match (mine, other) {
                (Role::Connected, Role::Public) | (Role::Public, Role::Connected) => {
                    "keep one of them; `#[connected(opt)]` lets everybody in and knows who is connected"
                }
                _ => "keep one of them",
            };
            errors.error(
                attribute,
                format_args!("`{name}` cannot be both `#[{}]` and `#[{}]`", mine.attribute(), other.attribute()),
                help,
            );
        }
    }
}

/// Takes our attributes off a function that has an error already: each would say it again.
pub(crate) fn strip(function: &mut Function, runtime: &Runtime) {
    function.attrs.retain(|attribute| Role::of(attribute.path(), runtime).is_none());
}

fn ours<'a>(attrs: &'a [Attribute], runtime: &'a Runtime) -> impl Iterator<Item = (&'a Attribute, Role)> {
    attrs.iter().filter_map(|attribute| Some((attribute, Role::of(attribute.path(), runtime)?)))
}
