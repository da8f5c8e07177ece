//! What can stand behind the `=` of an argument, groups apart.

use syn::{Expr, ExprLit, ExprPath, ExprUnary, Lit, LitStr, Path, Type, UnOp};

use crate::arguments::{Value, Written};
use crate::diagnostics::Diagnostics;

/// An expression out of the invisible group in which a `macro_rules!` fragment comes.
pub(crate) fn ungrouped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => ungrouped(&group.expr),
        expr => expr,
    }
}

/// A key that stands alone.
pub(crate) struct Flag;

impl Value for Flag {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        if let Some(value) = written.superfluous_value() {
            errors.error(
                value,
                format_args!("`{}` cannot have a value", written.key),
                format_args!("write `{}` alone, or leave it out", written.example),
            );
        }
        Some(Self)
    }
}

/// A sentence for whoever reads the access table.
pub(crate) struct Reason(pub(crate) LitStr);

impl Value for Reason {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        let value = written.value(errors)?;
        let rule = match syn::parse2::<LitStr>(value.clone()) {
            Ok(text) if text.value().trim().is_empty() => {
                format!("`{}` cannot be blank", written.key)
            }
            Ok(text) => return Some(Self(text)),
            Err(_) => "expected a reason in quotes".to_owned(),
        };
        errors.error(value, rule, format_args!("write `{}`", written.example));
        None
    }
}

/// The path to a function.
pub(crate) struct FnPath(pub(crate) ExprPath);

impl Value for FnPath {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        let value = written.value(errors)?;
        match syn::parse2(value.clone()).as_ref().map(ungrouped) {
            Ok(Expr::Path(path)) if path.attrs.is_empty() => return Some(Self(path.clone())),
            Ok(Expr::Closure(_)) => errors.error(
                value,
                format_args!("`{}` cannot be a closure", written.key),
                "write an async fn and name it: `async fn sorry() -> StatusCode { … }` and `deny_fun = sorry`",
            ),
            _ => errors.error(value, "expected a path to an async fn", format_args!("write `{}`", written.example)),
        }
        None
    }
}

/// A length of time in seconds, `"15min"`.
pub(crate) struct Seconds(pub(crate) u64);

/// What a number may stand before, and its length in seconds.
const UNITS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)];

impl Value for Seconds {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        let value = written.value(errors)?;
        let text = syn::parse2::<LitStr>(value.clone()).ok().map(|text| text.value());
        let seconds = text.as_deref().and_then(|text| {
            let (number, unit) = text.split_at(text.find(|digit: char| !digit.is_ascii_digit())?);
            let (_, length) = UNITS.into_iter().find(|(name, _)| *name == unit.trim_start())?;
            number.parse::<u64>().ok()?.checked_mul(length)
        });
        match seconds {
            Some(0) => errors.error(
                value,
                format_args!("`{}` cannot be zero", written.key),
                "nothing is so fresh; leave some time, such as `\"5min\"`",
            ),
            Some(seconds) => return Some(Self(seconds)),
            None => errors.error(
                value,
                "expected a length of time in quotes",
                format_args!("write `{}`: a whole number and `s`, `min`, `h` or `d`", written.example),
            ),
        }
        None
    }
}

impl Value for Type {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        let value = written.value(errors)?;
        let ty = syn::parse2(value.clone());
        if ty.is_err() {
            errors.error(value, "expected a type", format_args!("write `{}`", written.example));
        }
        ty.ok()
    }
}

/// A path to a crate.
impl Value for Path {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        let value = written.value(errors)?;
        let path = syn::parse::Parser::parse2(Path::parse_mod_style, value.clone());
        if path.is_err() {
            errors.error(value, "expected a path to the crate", format_args!("write `{}`", written.example));
        }
        path.ok()
    }
}

/// A place in the order of hooks.
impl Value for i32 {
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self> {
        let value = written.value(errors)?;
        let Some(number) = syn::parse2(value.clone()).ok().and_then(|expr| whole_number(&expr)) else {
            errors.error(value, "expected a whole number", format_args!("write `{}`", written.example));
            return None;
        };
        let number = number.ok().and_then(|number| Self::try_from(number).ok());
        if number.is_none() {
            errors.error(
                value,
                format_args!("`{}` must fit in an `i32`", written.key),
                format_args!("write a number from {} to {}", Self::MIN, Self::MAX),
            );
        }
        number
    }
}

/// `None` for what is no number, an error for one that is too large by far.
fn whole_number(expr: &Expr) -> Option<syn::Result<i64>> {
    match ungrouped(expr) {
        Expr::Lit(ExprLit { attrs, lit: Lit::Int(number) })
            if attrs.is_empty() && matches!(number.suffix(), "" | "i32") =>
        {
            Some(number.base10_parse())
        }
        Expr::Unary(ExprUnary { attrs, op: UnOp::Neg(_), expr }) if attrs.is_empty() => {
            Some(whole_number(expr)?.map(|number: i64| -number))
        }
        _ => None,
    }
}
