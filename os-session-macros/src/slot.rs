//! `#[slot]`: a slot that is known when the program starts.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::{ItemStatic, Path, StaticMutability};

use crate::arguments::{self, Key, Once};
use crate::diagnostics::Diagnostics;
use crate::expand::place;
use crate::function::first_word;
use crate::paths::Runtime;
use crate::role::Role;

const ROLE: Role = Role::Slot;

#[derive(Default)]
struct Slot {
    krate: Once<Path>,
}

const KEYS: &[Key<Slot>] =
    &[Key { name: "crate", example: "crate = my_framework::os_session", several: None, slot: |slot| &mut slot.krate }];

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Diagnostics::new(ROLE);
    let slot: Slot = arguments::read(KEYS, arguments, &mut errors);
    let declared = read(&item, &mut errors);
    let declared = match (errors.finish(), declared) {
        (Ok(()), Some(declared)) => declared,
        (errors, _) => return errors.err().into_iter().chain([item]).collect(),
    };
    let runtime = Runtime::new(slot.krate.get());
    let name = &declared.ident;
    let place = place(name, &runtime);
    let cfgs: Vec<_> = declared.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let probe = runtime.probe().map(|probe| quote!(#(#cfgs)* const _: () = { #probe };));
    quote! {
        #probe
        #declared

        #(#cfgs)*
        #runtime::inventory::submit! { #runtime::RegisteredSlot { slot: &#name, place: #place } }
    }
}

/// The static, or what is wrong with what stands there.
fn read(item: &TokenStream, errors: &mut Diagnostics) -> Option<ItemStatic> {
    const EXAMPLE: &str = "write `static CART: Slot<Cart, scope::UserIndepSession> = Slot::persistent(\"cart\");`";
    match syn::parse2::<ItemStatic>(item.clone()) {
        Ok(declared) => {
            if let StaticMutability::Mut(mutability) = &declared.mutability {
                errors.error(mutability, "a slot cannot be `static mut`", "remove `mut`: what it holds changes anyway");
            }
            return Some(declared);
        }
        Err(error) => match first_word.parse2(item.clone()) {
            Ok(word) if word == "static" => errors.push(error),
            Ok(word) => {
                let rule = format!("`#[slot]` can only be used on statics: expected `static`, found `{word}`");
                errors.error(&word, rule, EXAMPLE);
            }
            Err(_) => errors.push(error),
        },
    }
    None
}
