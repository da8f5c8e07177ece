//! The generated code, pretty-printed, against the files of `expansions/`. `UPDATE_EXPECT=1 cargo test` writes them.

use expect_test::expect_file;
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote};
use syn::{File, Item};

use super::expand;
use crate::role::Role;

fn check(name: &str, source: &str) {
    let mut file: File = syn::parse2(expand(source)).expect("the expansion is Rust");
    file.items = file.items.into_iter().flat_map(without_macro).collect();
    expect_file![format!("../../expansions/{name}.rs")].assert_eq(&prettyplease::unparse(&file));
}

/// What stands inside the macro for free functions, and every other item as it is.
fn without_macro(item: Item) -> Vec<Item> {
    let Item::Macro(call) = &item else { return vec![item] };
    let name = call.ident.as_ref().or(call.mac.path.get_ident());
    if !name.is_some_and(|name| name.to_string().ends_with("_is_for_free_functions_only")) {
        return vec![item];
    }
    // The definition has a name of its own, the call has none.
    if call.ident.is_some() {
        return Vec::new();
    }
    call.mac.parse_body::<File>().expect("the macro is called with items").items
}

#[test]
fn connected() {
    check("connected", "#[connected] async fn home() -> &'static str { \"welcome\" }");
}

#[test]
fn connected_with_rule() {
    check(
        "connected_with_rule",
        r#"
        #[connected(
            allow = ["admin", Group::Staff],
            deny = "banned",
            deny_fun = sorry,
            opt,
            state = Arc<App>,
            cross_site = "the payment provider posts here",
        )]
        pub(crate) async fn dashboard(user: Option<UserId>) -> String { format!("welcome {user:?}") }
        "#,
    );
}

#[test]
fn connected_keeps_what_the_user_wrote() {
    check(
        "connected_keeps_what_the_user_wrote",
        r#"
        #[connected(opt, force_unconnected, crate = framework::session)]
        /// The page of a document.
        #[cfg(feature = "pages")]
        #[debug_handler]
        #[instrument(skip_all)]
        pub async fn r#type<T: Clone, const N: usize>(
            mut id: Path<[u64; N]>,
            #[allow(unused)] State(Db { pool, .. }): State<Db<T>>,
        ) -> Result<Html<T>, Error>
        where
            T: Send + Sync + 'static,
        {
            #![allow(unused_mut)]
            page(id, pool).await
        }
        "#,
    );
}

#[test]
fn public() {
    check("public", r#"#[public(reason = "the shop window")] pub async fn about() -> &'static str { "about" }"#);
}

#[test]
fn rpc() {
    check(
        "rpc",
        r#"
        #[connected_rpc(allow = "editor")]
        #[server]
        pub async fn rename(mut user: UserId, title: String) -> Result<(), AppError> {
            #![allow(unused_mut)]
            store(user, title).await
        }
        "#,
    );
}

#[test]
fn rpc_with_rule() {
    check(
        "rpc_with_rule",
        r#"
        #[connected_rpc(opt, deny = "banned", state = Pair<App, fn(&str) -> u8>, deny_fun = sorry)]
        async fn peek(User(account): Option<User<Account>>) -> Result<impl Display, AppError> { look(account) }
        "#,
    );
}

#[test]
fn wrapper() {
    check(
        "wrapper",
        "
        #[connected_wrapper(allow = Group::Admin, deny_fun = sorry)]
        async fn purge<T>(of: T) -> Result<(), AppError> where T: Into<Key> { delete(of.into()).await }
        ",
    );
}

#[test]
fn hook() {
    check("hook", "#[on_request] async fn count() { COUNT.add(1) }");
}

#[test]
fn hook_with_parameters() {
    check(
        "hook_with_parameters",
        r#"
        #[on_post_close_session(order = -10, state = App)]
        #[cfg(feature = "audit")]
        #[instrument]
        pub async fn input(user: UserId, mut reason: CloseReason, State(db): State<Db>) -> Result<(), sqlx::Error> {
            db.log(user, reason).await
        }
        "#,
    );
}

#[test]
fn policy() {
    check("policy", "#[policy] async fn is_open() -> bool { true }");
}

#[test]
fn policy_with_parameters() {
    check(
        "policy_with_parameters",
        r#"
        #[policy(crate = framework::session)]
        /// Whether it is theirs.
        #[cfg(feature = "documents")]
        pub async fn state(user: UserId, Path(id): Path<u64>, Json(body): Json<Draft>) -> Result<bool, sqlx::Error> {
            owner(id).await == user
        }
        "#,
    );
}

/// Beside errors, a handler is declared and guarded, without its rule; and a function is what its callers expect.
#[test]
fn broken() {
    check(
        "broken_handler",
        r#"
        #[connected(alow = "admin", deny_fun = sorry, state = App)]
        #[on_request]
        pub fn home(user: UserId) -> String { user.to_string() }
        "#,
    );
    check(
        "broken_long_handler",
        "
        #[public(reason = \"shop\")]
        async fn home(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L, m: M, n: N, o: O, p: P) {}
        ",
    );
    check("broken_method", "#[connected] async fn home(&self) -> String { self.greeting() }");
    check("broken_policy", "#[policy] pub(crate) fn owns<T>(user: T) -> bool { user.owns() }");
    check(
        "broken_rpc",
        r#"
        #[connected_rpc(alow = "editor")]
        async fn rename(user: UserId, title: String) -> Result<(), AppError> { store(user, title).await }
        "#,
    );
}

/// `$group:expr`, `$path:path`, `$state:ty` and `$body:block` come in groups without delimiters.
#[test]
fn fragments_of_macro_rules() {
    let expansion = |wrap: fn(TokenStream) -> TokenStream| {
        let group = wrap(quote!(Group::Admin));
        let path = wrap(quote!(sorry));
        let state = wrap(quote!(App));
        let body = wrap(quote!({ "welcome" }));
        let arguments = quote!(allow = [#group, "staff"], deny_fun = #path, state = #state);
        crate::expand(Role::Wrapper, arguments, quote!(async fn home() -> Answer #body)).to_string()
    };
    let fragments = expansion(|tokens| Group::new(Delimiter::None, tokens).into_token_stream());
    assert!(!fragments.contains("compile_error"), "{fragments}");
    assert_eq!(fragments, expansion(|tokens| tokens));
}
