//! The value of `allow` or `deny`: groups, `"admin"` or `Group::Admin`, and policies under `|`, `&` and `!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprBinary, ExprLit, ExprPath, ExprUnary, Lit, LitStr, Token, UnOp};

use crate::arguments::{Value, Written};
use crate::diagnostics::Diagnostics;
use crate::paths::Runtime;
use crate::role::Role;
use crate::spelling::spelled;
use crate::values::ungrouped;

pub(crate) enum Expression {
    Atom(Atom),
    /// With its `!`, where an error about it begins.
    Not(Token![!], Box<Expression>),
    All(Vec<Expression>),
    /// `a | b`, or a list of them.
    Any(Vec<Expression>),
}

/// What is true or false of a user.
pub(crate) enum Atom {
    /// They are in a group of that name.
    Literal(LitStr),
    /// They are in the group to which a path leads: a variant or a constant.
    Path(ExprPath),
    /// The policy says yes.
    Policy(ExprPath),
}

/// The policies of a rule, each once; the place of one is its number.
#[derive(Default)]
pub(crate) struct Policies<'a>(Vec<&'a ExprPath>);

impl<'a> Policies<'a> {
    pub(crate) fn of(expressions: impl Iterator<Item = &'a Expression>) -> Self {
        let mut policies = Self::default();
        for atom in expressions.flat_map(Expression::atoms) {
            if let Atom::Policy(path) = atom
                && policies.number(path).is_none()
            {
                policies.0.push(path);
            }
        }
        policies
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a ExprPath> {
        self.0.iter().copied()
    }

    fn number(&self, path: &ExprPath) -> Option<u8> {
        let number = self.0.iter().position(|policy| spelled(policy) == spelled(path))?;
        u8::try_from(number).ok()
    }
}

impl Expression {
    /// What it is made of, as written.
    pub(crate) fn atoms(&self) -> Vec<&Atom> {
        match self {
            Self::Atom(atom) => vec![atom],
            Self::Not(_, inner) => inner.atoms(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::atoms).collect(),
        }
    }

    /// The alternatives: one of them has to be true.
    pub(crate) fn alternatives(&self) -> &[Self] {
        match self {
            Self::Any(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }

    /// As a person writes it.
    pub(crate) fn written(&self) -> String {
        let inside = |expression: &Self| match expression {
            Self::All(_) | Self::Any(_) => format!("({})", expression.written()),
            other => other.written(),
        };
        let join = |parts: &[Self], mark: &str| parts.iter().map(inside).collect::<Vec<_>>().join(mark);
        match self {
            Self::Atom(atom) => spelled(atom),
            Self::Not(_, inner) => format!("!{}", inside(inner)),
            Self::All(parts) => join(parts, " & "),
            Self::Any(parts) => join(parts, " | "),
        }
    }

    /// The runtime's expression.
    pub(crate) fn expand(&self, policies: &Policies<'_>, runtime: &Runtime) -> TokenStream {
        let all = |parts: &[Self]| {
            let parts = parts.iter().map(|part| part.expand(policies, runtime));
            quote!(&[#(#parts),*])
        };
        match self {
            Self::Atom(Atom::Policy(path)) => {
                let (name, number) = (spelled(path), policies.number(path));
                quote!(#runtime::Expression::Policy(#name, #number))
            }
            Self::Atom(group) => {
                let group = group.expand_group(runtime);
                quote!(#runtime::Expression::Group(#group))
            }
            Self::Not(_, inner) => {
                let inner = inner.expand(policies, runtime);
                quote!(#runtime::Expression::Not(&#inner))
            }
            Self::All(parts) => {
                let parts = all(parts);
                quote!(#runtime::Expression::All(#parts))
            }
            Self::Any(parts) => {
                let parts = all(parts);
                quote!(#runtime::Expression::Any(#parts))
            }
        }
    }
}

impl ToTokens for Expression {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Atom(atom) => atom.to_tokens(tokens),
            Self::Not(not, inner) => tokens.extend(quote!(#not #inner)),
            Self::All(parts) => tokens.extend(quote!(#(#parts)&*)),
            Self::Any(parts) => tokens.extend(quote!(#(#parts)|*)),
        }
    }
}

impl Atom {
    /// The group or policy as messages name it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Literal(name) => name.value(),
            Self::Path(path) | Self::Policy(path) => spelled(path),
        }
    }

    /// Whether both are written alike. What else is the same group, only the running program can tell.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.name() == other.name()
    }

    fn expand_group(&self, runtime: &Runtime) -> TokenStream {
        match self {
            Self::Literal(name) => quote!(#runtime::Group::Literal(#name)),
            Self::Path(path) | Self::Policy(path) => {
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

impl ToTokens for Atom {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(name) => name.to_tokens(tokens),
            Self::Path(path) | Self::Policy(path) => path.to_tokens(tokens),
        }
    }
}

impl Value for Expression {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        let value = written.value(errors)?;
        let Ok(expr) = syn::parse2::<Expr>(value.clone()) else {
            expected_group(value, errors);
            return None;
        };
        match ungrouped(&expr) {
            Expr::Array(list) if list.attrs.is_empty() => {
                if list.elems.is_empty() {
                    empty_list(written, list, errors);
                    return None;
                }
                let parts: Vec<_> = list.elems.iter().map(|element| read(element, written, errors)).collect();
                parts.into_iter().collect::<Option<_>>().map(Self::Any)
            }
            expr => read(expr, written, errors),
        }
    }
}

/// `None` if any part of it is broken; all that are have then been reported.
fn read(expr: &Expr, written: &Written<'_>, errors: &mut Diagnostics) -> Option<Expression> {
    match ungrouped(expr) {
        Expr::Lit(ExprLit { attrs, lit: Lit::Str(name) }) if attrs.is_empty() => {
            check_name(name, errors);
            Some(Expression::Atom(Atom::Literal(name.clone())))
        }
        Expr::Path(path) if path.attrs.is_empty() => {
            let atom = if leads_to_group(path) { Atom::Path } else { Atom::Policy };
            Some(Expression::Atom(atom(path.clone())))
        }
        Expr::Paren(inner) if inner.attrs.is_empty() => read(&inner.expr, written, errors),
        Expr::Unary(ExprUnary { attrs, op: UnOp::Not(not), expr }) if attrs.is_empty() => {
            let inner = read(expr, written, errors)?;
            Some(Expression::Not(*not, Box::new(inner)))
        }
        Expr::Binary(binary) if binary.attrs.is_empty() => read_binary(binary, written, errors),
        other => {
            report_no_group(other, written, errors);
            None
        }
    }
}

fn read_binary(binary: &ExprBinary, written: &Written<'_>, errors: &mut Diagnostics) -> Option<Expression> {
    let ExprBinary { left, op, right, .. } = binary;
    let sides = (read(left, written, errors), read(right, written, errors));
    match op {
        BinOp::BitOr(_) | BinOp::BitAnd(_) => {}
        BinOp::Or(_) => errors.error(op, "groups are joined by one `|`", "write `|`"),
        BinOp::And(_) => errors.error(op, "groups are joined by one `&`", "write `&`"),
        _ => {
            let rule = format!("`{}` cannot contain `{}`", written.key, spelled(op));
            errors.error(op, rule, "join groups and policies by `|`, `&` and `!`");
        }
    }
    let (Some(left), Some(right)) = sides else {
        return None;
    };
    // `a | b | c` is one choice of three.
    let mut parts = Vec::new();
    if let BinOp::BitOr(_) | BinOp::Or(_) = op {
        for side in [left, right] {
            match side {
                Expression::Any(inner) => parts.extend(inner),
                side => parts.push(side),
            }
        }
        return Some(Expression::Any(parts));
    }
    for side in [left, right] {
        match side {
            Expression::All(inner) => parts.extend(inner),
            side => parts.push(side),
        }
    }
    Some(Expression::All(parts))
}

/// What stands where a group could.
fn report_no_group(expr: &Expr, written: &Written<'_>, errors: &mut Diagnostics) {
    match expr {
        Expr::Lit(literal) if literal.attrs.is_empty() => {
            errors.error(literal, "expected a group name in quotes", format_args!("write `{}`", written.example));
        }
        Expr::Array(list) => {
            errors.error(list, "a list cannot stand in another expression", "join its groups by `|`, in parentheses");
        }
        Expr::Call(call) => errors.error(
            call,
            "a policy is named, not called",
            format_args!("write `{}`: it takes what it needs from the request", spelled(&call.func)),
        ),
        Expr::Reference(reference) => {
            errors.error(reference.and_token, "`&` must stand between two groups", "write `\"admin\" & \"staff\"`");
        }
        other => expected_group(other, errors),
    }
}

/// Groups are told from policies by how Rust spells variants and constants on one side, functions on the other.
fn leads_to_group(path: &ExprPath) -> bool {
    let last = path.path.segments.last().map(|segment| segment.ident.unraw().to_string());
    last.is_some_and(|last| last.trim_start_matches('_').starts_with(char::is_uppercase))
}

/// A name that no group can have is a mistake now and not when the application starts.
pub(crate) fn check_name(literal: &LitStr, errors: &mut Diagnostics) {
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

fn expected_group(at: impl ToTokens, errors: &mut Diagnostics) {
    errors.error(
        at,
        "expected a group or a policy",
        "write `\"admin\"`, a path such as `Group::Admin` or `owns_document`, or several joined by `|`, `&` and `!`",
    );
}
