//! What makes a declared handler: its rule as data, and a hidden first parameter that admits or refuses.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{ExprPath, FnArg, Type, parse_quote};

use crate::diagnostics::Diagnostics;
use crate::expand::{ask_policies, free_function, hidden_type, place};
use crate::expression::Policies;
use crate::function::Function;
use crate::neighbours;
use crate::paths::Runtime;
use crate::role::Role;

/// axum takes sixteen parameters, and the hidden one is among them.
const MOST_PARAMETERS: usize = 15;

pub(crate) fn check(function: &Function, runtime: &Runtime, errors: &mut Diagnostics) {
    neighbours::check(function, runtime, errors);
    function.check_shape(errors);
    let superfluous = function.sig.inputs.iter().skip(MOST_PARAMETERS);
    if superfluous.len() > 0 {
        errors.error(
            quote!(#(#superfluous),*),
            format_args!("handler `{}` cannot take more than {MOST_PARAMETERS} parameters", function.sig.ident),
            "put several into a tuple: `(path, query): (Path<u64>, Query<Filter>)`",
        );
    }
}

/// What a handler declares.
pub(crate) struct Declared<'a> {
    /// The runtime's `Declaration`.
    pub(crate) declaration: TokenStream,
    /// Whether it says that the handler is public, which routing has to know as a constant.
    pub(crate) public: bool,
    pub(crate) deny_fun: Option<&'a ExprPath>,
    pub(crate) policies: Policies<'a>,
    /// The router's state, where the attribute names it.
    pub(crate) state: Option<&'a Type>,
    /// Whether the access table lists it.
    pub(crate) listed: bool,
}

pub(crate) fn expand(mut function: Function, declared: &Declared<'_>, runtime: &Runtime) -> TokenStream {
    let rule = RuleName::of(&function.sig.ident);
    let items = expand_rule(&function, &rule, declared, runtime);
    function.sig.inputs.insert(0, parse_quote!(_: #runtime::Admitted<#rule>));
    // Both are this attribute's doing: it adds a parameter, and it asks for `async`.
    function.attrs.push(parse_quote!(#[allow(clippy::too_many_arguments, clippy::unused_async)]));
    let attribute = if declared.public { Role::Public } else { Role::Connected };
    free_function(attribute, &quote!(#items #function))
}

/// A handler with errors is declared all the same, or a router would report it once more; but with no rule, since what
/// could be read of that may not compile.
pub(crate) fn expand_broken(mut function: Function, runtime: &Runtime) -> TokenStream {
    neighbours::strip(&mut function, runtime);
    if function.sig.receiver().is_some() {
        // It stands in an `impl`, where none of the items below can.
        return function.into_token_stream();
    }
    function.repair();
    nest_superfluous_parameters(&mut function);
    let place = place(&function.sig.ident, runtime);
    let declared = Declared {
        declaration: quote!(#runtime::Declaration::page(#place)),
        public: false,
        deny_fun: None,
        policies: Policies::default(),
        state: None,
        listed: false,
    };
    expand(function, &declared, runtime)
}

/// Does what the message about too many parameters advises.
fn nest_superfluous_parameters(function: &mut Function) {
    let inputs = &mut function.sig.inputs;
    if inputs.len() <= MOST_PARAMETERS {
        return;
    }
    let mut parameters = std::mem::take(inputs).into_iter();
    inputs.extend(parameters.by_ref().take(MOST_PARAMETERS - 1));
    let (patterns, types): (Vec<_>, Vec<_>) = parameters
        .filter_map(|parameter| match parameter {
            FnArg::Typed(parameter) => Some((parameter.pat, parameter.ty)),
            FnArg::Receiver(_) => None,
        })
        .unzip();
    inputs.push(parse_quote!((#(#patterns),*): (#(#types),*)));
}

/// The type that stands for the rule of one handler, in a module of its own.
///
/// `#[debug_handler]` above the attribute calls the function inside a function that it generates,
/// without the hidden parameter. rustc then shows the type of that parameter by its whole path, and
/// the name of the module is the message.
struct RuleName {
    module: Ident,
    name: Ident,
}

impl RuleName {
    fn of(handler: &Ident) -> Self {
        let span = handler.span().resolved_at(Span::call_site());
        let handler = handler.unraw();
        Self {
            module: format_ident!("debug_handler_goes_below_the_attribute_of_{handler}", span = span),
            name: format_ident!("__os_session_{handler}", span = span),
        }
    }

    fn declare(&self, function: &Function) -> TokenStream {
        let Self { module, name } = self;
        let hidden = hidden_type(&parse_quote!(pub), name);
        let cfgs = function.cfgs();
        quote! {
            #(#cfgs)*
            #[doc(hidden)]
            mod #module {
                #hidden
            }
        }
    }
}

impl ToTokens for RuleName {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { module, name } = self;
        tokens.extend(quote!(#module::#name));
    }
}

fn expand_rule(function: &Function, rule: &RuleName, declared: &Declared<'_>, runtime: &Runtime) -> TokenStream {
    let cfgs: Vec<_> = function.cfgs().collect();
    let hidden = rule.declare(function);
    let Declared { declaration, public, deny_fun, policies, state, listed } = declared;
    let public = public.then(|| {
        quote!(
            const PUBLIC: bool = true;
        )
    });
    let generics = state.is_none().then(|| quote!(<__S: ::core::marker::Send + ::core::marker::Sync + 'static>));
    let named: Vec<_> = policies.iter().filter(|_| state.is_none()).collect();
    let state = state.map_or_else(|| quote!(__S), ToTokens::to_token_stream);
    // Without a name for the state, the rule is for every router in which its policies can be asked.
    let bounds = (!named.is_empty()).then(|| quote!(where #(#named: #runtime::Policy<#state>,)*));
    let ask_policies = ask_policies(policies, &state, runtime).map(|ask| {
        quote!(
            const POLICIES: ::core::option::Option<#runtime::AskPolicy<#state>> = #ask;
        )
    });
    let deny_fun = deny_fun.map(|deny_fun| expand_deny_fun(deny_fun, &state, runtime));
    let listed = listed.then(|| quote!(#runtime::inventory::submit! { #runtime::Registered(&__DECLARATION) }));
    let probe = runtime.probe();
    quote! {
        #hidden

        #(#cfgs)*
        const _: () = {
            #probe
            static __DECLARATION: #runtime::Declaration = #declaration;

            impl #runtime::Declared for #rule {
                #public

                fn declaration() -> &'static #runtime::Declaration {
                    &__DECLARATION
                }
            }

            impl #generics #runtime::Rule<#state> for #rule #bounds {
                #deny_fun
                #ask_policies
            }

            #listed
        };
    }
}

fn expand_deny_fun(deny_fun: &ExprPath, state_type: &TokenStream, runtime: &Runtime) -> TokenStream {
    // Hygienic, since the user's function may have one of these names.
    let denied = Ident::new("denied", Span::mixed_site());
    let state = Ident::new("state", Span::mixed_site());
    let here = deny_fun.span();
    let private = runtime.at(here);
    let call = quote_spanned!(here=> #private::deny::<_, _, #state_type>(#deny_fun, #denied, #state));
    quote! {
        const DENY_FUN: ::core::option::Option<#runtime::DenyFun<#state_type>> =
            ::core::option::Option::Some(|#denied, #state| #call);
    }
}
