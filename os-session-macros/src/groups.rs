//! The groups that a rule names: `"admin"`, `Group::Admin`, or a list of such.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprLit, ExprPath, Lit, LitStr, UnOp};

use crate::arguments::{Value, Written};
use crate::diagnostics::Diagnostics;
use crate::paths::Runtime;
use crate::role::Role;
use crate::spelling::spelled;
use crate::values::ungrouped;

/// The value of `allow` or `deny`.
pub(crate) struct Groups(Vec<Group>);

pub(crate) enum Group {
    Literal(LitStr),
    /// A path that leads to something with a group's name: a variant or a constant.
    Path(ExprPath),
}

impl Groups {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.0.iter()
    }

    /// A slice of the runtime's groups.
    pub(crate) fn expand(&self, runtime: &Runtime) -> TokenStream {
        let groups = self.iter().map(|group| group.expand(runtime));
        quote!(&[#(#groups),*])
    }
}

impl Group {
    /// The group as messages name it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Literal(name) => name.value(),
            Self::Path(path) => spelled(path),
        }
    }

    /// Whether both are written alike. What else is the same group, only the running program can tell.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Literal(_), Self::Literal(_)) | (Self::Path(_), Self::Path(_)))
            && self.name() == other.name()
    }

    fn expand(&self, runtime: &Runtime) -> TokenStream {
        match self {
            Self::Literal(name) => quote!(#runtime::Group::Literal(#name)),
            Self::Path(path) => {
                let name = spelled(path);
                // What the path leads to is judged by its type. At the user's span, that error underlines the path.
                let here = path.span();
                let private = runtime.at(here);
                let group_name = quote_spanned!(here=> #private::group_name(&#path));
                quote!(#runtime::Group::Path(#name, || #group_name))
            }
        }
    }
}

impl ToTokens for Group {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(name) => name.to_tokens(tokens),
            Self::Path(path) => path.to_tokens(tokens),
        }
    }
}

impl Value for Groups {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        let value = written.value(errors)?;
        let Ok(expr) = syn::parse2::<Expr>(value.clone()) else {
            expected_group(value, errors);
            return None;
        };
        let groups = match ungrouped(&expr) {
            Expr::Array(list) if list.attrs.is_empty() => {
                if list.elems.is_empty() {
                    empty_list(written, list, errors);
                }
                list.elems.iter().filter_map(|element| read_group(element, written, errors)).collect()
            }
            single => read_group(single, written, errors).into_iter().collect(),
        };
        let groups = Self(groups);
        groups.check_duplicates(written, errors);
        Some(groups)
    }
}

impl Groups {
    fn check_duplicates(&self, written: &Written<'_>, errors: &mut Diagnostics) {
        for (index, group) in self.iter().enumerate() {
            if self.iter().take(index).any(|earlier| earlier.is_same(group)) {
                errors.error(
                    group,
                    format_args!("duplicate group `{}` in `{}`", group.name(), written.key),
                    "name it once",
                );
            }
        }
    }
}

fn read_group(expr: &Expr, written: &Written<'_>, errors: &mut Diagnostics) -> Option<Group> {
    match ungrouped(expr) {
        Expr::Lit(ExprLit { attrs, lit: Lit::Str(name) }) if attrs.is_empty() => {
            check_name(name, errors);
            return Some(Group::Literal(name.clone()));
        }
        Expr::Path(path) if path.attrs.is_empty() => {
            if leads_to_group(path) {
                return Some(Group::Path(path.clone()));
            }
            expected_upper_case(path, errors);
        }
        Expr::Lit(literal) if literal.attrs.is_empty() => {
            errors.error(literal, "expected a group name in quotes", format_args!("write `{}`", written.example));
        }
        Expr::Binary(binary)
            if matches!(binary.op, BinOp::BitOr(_) | BinOp::BitAnd(_) | BinOp::Or(_) | BinOp::And(_)) =>
        {
            operator(binary.op, written, errors);
        }
        Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => operator(unary.op, written, errors),
        other => expected_group(other, errors),
    }
    None
}

/// Groups are told from functions by how Rust spells variants and constants.
fn leads_to_group(path: &ExprPath) -> bool {
    let last = path.path.segments.last().map(|segment| segment.ident.unraw().to_string());
    last.is_some_and(|last| last.trim_start_matches('_').starts_with(char::is_uppercase))
}

/// A name that no group can have is a mistake now and not when the application starts.
fn check_name(literal: &LitStr, errors: &mut Diagnostics) {
    let name = literal.value();
    if name.trim().is_empty() {
        errors.error(literal, "a group name cannot be blank", "name a group, such as `\"admin\"`");
    } else if name.contains(',') {
        let parts: Vec<_> = name.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        errors.error(literal, "a group name cannot contain `,`", format_args!("name each group apart: `{parts:?}`"));
    } else if name.contains(char::is_control) {
        let printable = name.replace(char::is_control, "");
        errors.error(
            literal,
            "a group name cannot contain control characters",
            format_args!("write `{:?}`", printable.trim()),
        );
    } else if name.trim() != name {
        errors.error(
            literal,
            "a group name cannot begin or end with white space",
            format_args!("write `{:?}`", name.trim()),
        );
    }
}

fn empty_list(written: &Written<'_>, list: impl ToTokens, errors: &mut Diagnostics) {
    let key = written.key;
    let help = match (errors.role(), key == "allow") {
        (Role::Wrapper, true) => "to let everybody in, connected or not, leave `allow` out",
        (_, true) => "to let every connected user in, leave `allow` out",
        (_, false) => "to keep nobody out, leave `deny` out",
    };
    errors.error(list, format_args!("`{key}` must name at least one group"), help);
}

fn expected_upper_case(path: &ExprPath, errors: &mut Diagnostics) {
    let name = path.path.segments.last().map(|segment| segment.ident.unraw().to_string());
    errors.error(
        path,
        "expected a group",
        format_args!(
            "write `\"{}\"`, or a path whose last part begins in upper case, such as `Group::Admin`",
            name.unwrap_or_default()
        ),
    );
}

/// What to write instead: never a rule that admits others than the one that was meant.
fn operator(operator: impl ToTokens, written: &Written<'_>, errors: &mut Diagnostics) {
    let key = written.key;
    let operator = operator.into_token_stream();
    let mark = spelled(&operator);
    let help = match mark.as_str() {
        "!" if key == "allow" => "name the group in `deny`".to_owned(),
        "!" => "name the group in `allow`".to_owned(),
        "&" | "&&" => {
            "a list means one of its groups: give those who are in all of them a group of their own".to_owned()
        }
        _ => format!("list the groups: `{key} = [\"admin\", \"staff\"]`"),
    };
    errors.error(operator, format_args!("`{key}` cannot contain `{mark}`"), help);
}

fn expected_group(at: impl ToTokens, errors: &mut Diagnostics) {
    errors.error(
        at,
        "expected a group",
        "write `\"admin\"`, a path such as `Group::Admin`, or a list of them in brackets",
    );
}
