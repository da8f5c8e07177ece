//! `#[derive(Group)]`: the groups of an application as an enum, so that a misspelt one does not compile.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Path, Variant};

use crate::arguments::{self, Key, Once};
use crate::diagnostics::Diagnostics;
use crate::expression::check_name;
use crate::paths::Runtime;
use crate::role::Role;

const ROLE: Role = Role::Group;

/// The arguments of `#[group(…)]` on the enum.
#[derive(Default)]
struct Group {
    krate: Once<Path>,
}

const KEYS: &[Key<Group>] = &[Key {
    name: "crate",
    example: "crate = my_framework::os_session",
    several: None,
    slot: |group| &mut group.krate,
}];

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new(ROLE);
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return errors.fail(error, TokenStream::new()),
    };
    let group = read_arguments(&input, &mut errors);
    let runtime = Runtime::new(group.krate.get());
    let variants = read_variants(&input, &mut errors);
    if let Err(errors) = errors.finish() {
        // Without an implementation each rule that names a variant would be reported too.
        let broken = input.generics.params.is_empty().then(|| expand_enum(&input, &[], &runtime));
        return quote!(#errors #broken);
    }
    expand_enum(&input, &variants, &runtime)
}

fn read_arguments(input: &DeriveInput, errors: &mut Diagnostics) -> Group {
    let mut group = Group::default();
    for attribute in ours(&input.attrs) {
        match attribute.meta.require_list() {
            Ok(list) => group = arguments::read(KEYS, list.tokens.clone(), errors),
            Err(_) => {
                errors.error(attribute, "expected arguments", "write `#[group(crate = my_framework::os_session)]`");
            }
        }
    }
    if !input.generics.params.is_empty() {
        errors.error(
            &input.generics,
            format_args!("enum `{}` cannot be generic", input.ident),
            "groups are the same for everybody",
        );
    }
    group
}

/// Each variant with its group's name.
fn read_variants<'a>(input: &'a DeriveInput, errors: &mut Diagnostics) -> Vec<(&'a Variant, LitStr)> {
    let variants = match &input.data {
        Data::Enum(data) => &data.variants,
        Data::Struct(data) => return no_enum(data.struct_token, errors),
        Data::Union(data) => return no_enum(data.union_token, errors),
    };
    if variants.is_empty() {
        errors.error(
            &input.ident,
            format_args!("enum `{}` has no group", input.ident),
            "write a variant for each group",
        );
    }
    let mut named: Vec<(&Variant, LitStr)> = Vec::new();
    for variant in variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.error(
                &variant.fields,
                format_args!("group `{}` cannot have fields", variant.ident),
                "leave them out: a group is a name",
            );
        }
        let name = read_name(variant, errors);
        if let Some((earlier, _)) = named.iter().find(|(_, known)| known.value() == name.value()) {
            errors.error(
                &name,
                format_args!("duplicate group `{}`", name.value()),
                format_args!("`{}` has that name already; give each its own", earlier.ident),
            );
        }
        named.push((variant, name));
    }
    named
}

fn no_enum<T>(word: impl ToTokens, errors: &mut Diagnostics) -> Vec<T> {
    errors.error(word, "`#[derive(Group)]` can only be used on enums", "write `enum Group { Admin, Staff }`");
    Vec::new()
}

/// What `#[group("…")]` says, or the variant's name in lower case with `_` between words.
fn read_name(variant: &Variant, errors: &mut Diagnostics) -> LitStr {
    let mut named = None;
    for attribute in ours(&variant.attrs) {
        match attribute.parse_args::<LitStr>() {
            Ok(_) if named.is_some() => {
                errors.error(
                    attribute,
                    format_args!("duplicate name of group `{}`", variant.ident),
                    "keep one of them",
                );
            }
            Ok(name) => {
                check_name(&name, errors);
                named = Some(name);
            }
            Err(_) => errors.error(
                attribute,
                format_args!("expected the name of group `{}` in quotes", variant.ident),
                format_args!("write `#[group({:?})]`", snake_case(&variant.ident.unraw().to_string())),
            ),
        }
    }
    let derived = || LitStr::new(&snake_case(&variant.ident.unraw().to_string()), variant.ident.span());
    named.unwrap_or_else(derived)
}

fn snake_case(camel_case: &str) -> String {
    let mut name = String::new();
    for letter in camel_case.chars() {
        if letter.is_uppercase() && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

fn ours(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("group"))
}

fn expand_enum(input: &DeriveInput, variants: &[(&Variant, LitStr)], runtime: &Runtime) -> TokenStream {
    let (name, vis) = (&input.ident, &input.vis);
    let (impl_generics, type_generics, bounds) = input.generics.split_for_impl();
    let groups = variants.iter().map(|(variant, _)| &variant.ident);
    let arms = variants.iter().map(|(Variant { ident, .. }, group)| quote!(Self::#ident => #group,));
    let otherwise = variants.is_empty().then(|| quote!(_ => ::core::unreachable!(),));
    let probe = runtime.probe().map(|probe| quote!(const _: () = { #probe };));
    quote! {
        #probe

        impl #impl_generics #name #type_generics #bounds {
            /// Every group, in the order in which they are written.
            #[allow(dead_code)]
            #vis const ALL: &'static [Self] = &[#(Self::#groups),*];
        }

        impl #impl_generics #runtime::GroupName for #name #type_generics #bounds {
            fn group_name(&self) -> &'static str {
                match self {
                    #(#arms)*
                    #otherwise
                }
            }
        }

        impl #impl_generics ::core::convert::AsRef<str> for #name #type_generics #bounds {
            fn as_ref(&self) -> &str {
                #runtime::group_name(self)
            }
        }

        impl #impl_generics ::core::convert::From<#name #type_generics> for #runtime::String #bounds {
            fn from(group: #name #type_generics) -> Self {
                #runtime::String::from(#runtime::group_name(&group))
            }
        }

        impl #impl_generics ::core::convert::From<&#name #type_generics> for #runtime::String #bounds {
            fn from(group: &#name #type_generics) -> Self {
                #runtime::String::from(#runtime::group_name(group))
            }
        }
    }
}
