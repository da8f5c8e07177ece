//! The arguments of an attribute, `key` or `key = value` between commas, and every mistake that needs no look at the
//! value. What the keys of an attribute are stands in its table of [`Key`]s, and nowhere else.

use proc_macro2::{Ident, Punct, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::diagnostics::Diagnostics;
use crate::spelling::similar;

/// One argument that an attribute takes, and where in the attribute's model `A` its value goes.
pub(crate) struct Key<A> {
    pub(crate) name: &'static str,
    /// How it is written, for help lines.
    pub(crate) example: &'static str,
    /// How several values are written, where it takes several.
    pub(crate) several: Option<&'static str>,
    pub(crate) slot: fn(&mut A) -> &mut dyn Slot,
}

/// An argument as it stands there.
pub(crate) struct Written<'a> {
    pub(crate) key: &'a Ident,
    equals: Option<Punct>,
    value: TokenStream,
    pub(crate) example: &'static str,
}

impl Written<'_> {
    /// The value, for keys that need one.
    pub(crate) fn value(&self, errors: &mut Diagnostics) -> Option<&TokenStream> {
        if self.value.is_empty() {
            let Self { key, equals, example, .. } = self;
            errors.error(
                quote!(#key #equals),
                format_args!("expected a value for `{key}`"),
                format_args!("write `{example}`"),
            );
            return None;
        }
        Some(&self.value)
    }

    /// `= value`, for keys that take none.
    pub(crate) fn superfluous_value(&self) -> Option<TokenStream> {
        let Self { equals, value, .. } = self;
        equals.as_ref().map(|equals| quote!(#equals #value))
    }
}

/// What the value of an argument is read into.
pub(crate) trait Value: Sized {
    /// `None` if it is broken, which has then been reported.
    fn read(written: &Written<'_>, errors: &mut Diagnostics) -> Option<Self>;
}

/// An argument that may be given once.
pub(crate) struct Once<T> {
    key: Option<Ident>,
    value: Option<T>,
}

impl<T> Once<T> {
    /// The key where the argument was written, even if its value is broken.
    pub(crate) fn key(&self) -> Option<&Ident> {
        self.key.as_ref()
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { key: None, value: None }
    }
}

/// A [`Once`] of any type, so that a table can hold them all.
pub(crate) trait Slot {
    fn is_taken(&self) -> bool;
    fn fill(&mut self, written: &Written<'_>, errors: &mut Diagnostics);
}

impl<T: Value> Slot for Once<T> {
    fn is_taken(&self) -> bool {
        self.key.is_some()
    }

    fn fill(&mut self, written: &Written<'_>, errors: &mut Diagnostics) {
        self.key = Some(written.key.clone());
        self.value = T::read(written, errors);
    }
}

/// Reads all arguments. One that is broken is reported and left out; the others are read all the same.
pub(crate) fn read<A: Default>(keys: &[Key<A>], tokens: TokenStream, errors: &mut Diagnostics) -> A {
    let mut arguments = A::default();
    for (argument, comma) in split_at_commas(tokens) {
        if argument.is_empty() {
            let rule = format!("expected the name of an argument of `#[{}]`", errors.role().attribute());
            errors.error(comma, rule, "remove this comma");
        } else {
            read_one(keys, argument, &mut arguments, errors);
        }
    }
    arguments
}

fn read_one<A>(keys: &[Key<A>], argument: TokenStream, arguments: &mut A, errors: &mut Diagnostics) {
    let mut tokens = argument.clone().into_iter();
    let Some(TokenTree::Ident(name)) = tokens.next() else {
        return expected_name(keys, argument, errors);
    };
    let Some(key) = keys.iter().find(|key| name == key.name) else {
        return unknown(keys, &name, errors);
    };
    let slot = (key.slot)(arguments);
    if slot.is_taken() {
        return duplicate(key, &name, errors);
    }
    if let Some(next) = behind_a_missing_comma(keys, argument) {
        return errors.error(&next, format_args!("expected `,` before `{next}`"), "separate the arguments by commas");
    }
    let equals = match tokens.next() {
        None => None,
        Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => Some(punct),
        Some(other) => {
            return errors.error(
                other,
                format_args!("expected `=` after `{name}`"),
                format_args!("write `{}`", key.example),
            );
        }
    };
    let value = tokens.collect();
    slot.fill(&Written { key: &name, equals, value, example: key.example }, errors);
}

/// The name of a second argument in one: a known one where no value has a name, behind something that is no mark.
fn behind_a_missing_comma<A>(keys: &[Key<A>], argument: TokenStream) -> Option<Ident> {
    let mut after_mark = true;
    argument.into_iter().find_map(|token| match token {
        TokenTree::Ident(name) if !after_mark && keys.iter().any(|key| name == key.name) => Some(name),
        token => {
            after_mark = matches!(token, TokenTree::Punct(_));
            None
        }
    })
}

fn expected_name<A>(keys: &[Key<A>], at: impl ToTokens, errors: &mut Diagnostics) {
    // `allow = "admin", "staff"` is the usual way to get here.
    let example = keys.iter().find_map(|key| key.several).or(keys.first().map(|key| key.example));
    errors.error(
        at,
        format_args!("expected the name of an argument of `#[{}]`", errors.role().attribute()),
        format_args!("write `{}`", example.unwrap_or_default()),
    );
}

fn unknown<A>(keys: &[Key<A>], name: &Ident, errors: &mut Diagnostics) {
    let rule = format!("unknown argument `{name}` in `#[{}]`", errors.role().attribute());
    match similar(&name.to_string(), keys.iter().map(|key| key.name)) {
        Some(known) => errors.error(name, rule, format_args!("an argument with a similar name exists: `{known}`")),
        None => errors.error(name, rule, names(keys)),
    }
}

fn duplicate<A>(key: &Key<A>, name: &Ident, errors: &mut Diagnostics) {
    let rule = format!("duplicate argument `{name}`");
    match key.several {
        Some(list) => errors.error(name, rule, format_args!("list the groups together: `{list}`")),
        None => errors.error(name, rule, "keep one of them"),
    }
}

/// The arguments are `a`, `b` and `c`.
fn names<A>(keys: &[Key<A>]) -> String {
    let quoted: Vec<_> = keys.iter().map(|key| format!("`{}`", key.name)).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("the arguments are {} and {last}", others.join(", ")),
        _ => format!("the only argument is {}", quoted.concat()),
    }
}

/// Each argument with the comma behind it. Commas between `<` and `>` belong to a type.
fn split_at_commas(tokens: TokenStream) -> Vec<(TokenStream, Option<Punct>)> {
    let mut arguments = Vec::new();
    let mut current = TokenStream::new();
    let mut open_angles = 0_usize;
    let mut after_dash = false;
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            match punct.as_char() {
                ',' if open_angles == 0 => {
                    arguments.push((std::mem::take(&mut current), Some(punct.clone())));
                    continue;
                }
                '<' => open_angles += 1,
                '>' if !after_dash => open_angles = open_angles.saturating_sub(1),
                _ => {}
            }
            after_dash = punct.as_char() == '-';
        }
        current.extend([token]);
    }
    if !current.is_empty() {
        arguments.push((current, None));
    }
    arguments
}
