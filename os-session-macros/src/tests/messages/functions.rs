//! The function under the attribute.

use super::check;

#[test]
fn no_function() {
    for (item, found) in [
        ("struct Home;", "struct"),
        ("pub(crate) enum Home {}", "enum"),
        ("/// A home.\n impl Home { fn new() {} }", "impl"),
        ("const HOME: fn() = home;", "const"),
        ("mod home {}", "mod"),
        ("use crate::home;", "use"),
        ("home! {}", "home"),
    ] {
        check(
            &format!("#[connected] {item}"),
            &[(
                found,
                &format!("`#[connected]` can only be used on functions: expected `fn`, found `{found}`"),
                "put it on the handler: `#[connected] async fn …`",
            )],
        );
    }
    check(
        "#[public(reason = \"shop\")] struct Home;",
        &[(
            "struct",
            "`#[public]` can only be used on functions: expected `fn`, found `struct`",
            "put it on the handler: `#[public(reason = \"…\")] async fn …`",
        )],
    );
    check(
        "#[connected_rpc] trait Service {}",
        &[(
            "trait",
            "`#[connected_rpc]` can only be used on functions: expected `fn`, found `trait`",
            "put it on the server function: `#[connected_rpc] async fn …`",
        )],
    );
    check(
        "#[on_open_session] static GREETING: &str = \"\";",
        &[(
            "static",
            "`#[on_open_session]` can only be used on functions: expected `fn`, found `static`",
            "put it on the hook: `#[on_open_session] async fn …`",
        )],
    );
}

#[test]
fn no_body() {
    check(
        "#[connected] async fn home(&self) -> String;",
        &[(";", "`#[connected]` can only be used on functions with a body", "put it on a free function")],
    );
}

/// Attributes of all kinds, the parameters that their function must have, and what messages call it.
const ROLES: [(&str, &str, &str); 6] = [
    ("connected", "", "handler"),
    ("public(reason = \"shop\")", "", "handler"),
    ("connected_rpc", "user: UserId", "server function"),
    ("connected_wrapper", "", "server function"),
    ("policy", "", "policy"),
    ("on_open_session", "", "hook"),
];

#[test]
fn not_async() {
    for (attribute, parameters, noun) in ROLES {
        check(
            &format!("#[{attribute}] pub fn home({parameters}) {{}}"),
            &[("fn", &format!("{noun} `home` must be async"), "write `async fn home`")],
        );
    }
}

#[test]
fn qualifiers() {
    for (attribute, parameters, noun) in ROLES {
        for (qualifier, name, help) in [
            ("const", "const", "remove `const`"),
            ("unsafe", "unsafe", "remove `unsafe`"),
            ("extern \"C\"", "extern", "remove the ABI"),
        ] {
            let before = if name == "const" { "const async" } else { &format!("async {qualifier}") };
            check(
                &format!("#[{attribute}] {before} fn home({parameters}) {{}}"),
                &[(qualifier, &format!("{noun} `home` cannot be `{name}`"), help)],
            );
        }
    }
    check(
        "#[connected] async fn home(id: Path<u64>, ...) {}",
        &[("...", "handler `home` cannot be variadic", "remove `...`")],
    );
}

#[test]
fn receiver() {
    let state = "make it a free function and receive what it needs with `State`";
    let parameter = "make it a free function and hand over what it needs as a parameter";
    for receiver in ["self", "&self", "&'a mut self", "mut self: Box<Self>"] {
        check(
            &format!("#[connected] async fn home({receiver}, user: UserId) {{}}"),
            &[(receiver, "handler `home` cannot take `self`", state)],
        );
    }
    check("#[on_request] async fn count(&self) {}", &[("&self", "hook `count` cannot take `self`", state)]);
    for attribute in ["connected_rpc", "connected_wrapper"] {
        check(
            &format!("#[{attribute}] async fn rename(&self) {{}}"),
            &[("&self", "server function `rename` cannot take `self`", parameter)],
        );
    }
}

#[test]
fn too_many_parameters() {
    let fifteen = "a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K, l: L, m: M, n: N, o: O";
    let check_handler = |parameters: &str, expected: &[_]| {
        check(&format!("#[connected] async fn home({parameters}) {{}}"), expected);
        check(&format!("#[public(reason = \"shop\")] async fn home({parameters}) {{}}"), expected);
    };
    check_handler(fifteen, &[]);
    check_handler(
        &format!("{fifteen}, p: P, q: Q"),
        &[(
            "p: P, q: Q",
            "handler `home` cannot take more than 15 parameters",
            "put several into a tuple: `(path, query): (Path<u64>, Query<Filter>)`",
        )],
    );
    check(&format!("#[connected_wrapper] async fn purge({fifteen}, p: P) {{}}"), &[]);
}

#[test]
fn server_function_without_user() {
    check(
        "#[connected_rpc] async fn rename() {}",
        &[(
            "()",
            "server function `rename` must take the user as its first parameter",
            "write `rename(user: UserId)`, or use `#[connected_wrapper]`, which hands over no user",
        )],
    );
    check(
        "#[connected_rpc] async fn rename(#[cfg(test)] user: UserId) {}",
        &[(
            "#[cfg(test)]",
            "the user of server function `rename` cannot be under `#[cfg]`",
            "put `#[cfg]` on the function",
        )],
    );
}

#[test]
fn optional_user() {
    check(
        "#[connected_rpc(opt)] async fn peek(user: User<Account>) {}",
        &[(
            "User<Account>",
            "server function `peek` with `opt` must take an `Option`",
            "write `Option<User<Account>>`",
        )],
    );
    check(
        "#[connected_rpc] async fn peek(user: Option<UserId>) {}",
        &[(
            "Option<UserId>",
            "server function `peek` cannot take an `Option` without `opt`",
            "write `UserId`, or `#[connected_rpc(opt)]`",
        )],
    );
    // An alias may be an `Option`; the compiler knows.
    check("#[connected_rpc(opt)] async fn peek(user: Visitor) {}", &[]);
}

#[test]
fn session_in_a_public_handler() {
    for ty in [
        "UserId",
        "os_session::UserId",
        "Session",
        "User<Account>",
        "Option<UserId>",
        "std::option::Option<::os_session::User<u64>>",
    ] {
        check(
            &format!("#[public(reason = \"shop\")] async fn about(id: Path<u64>, who: {ty}) {{}}"),
            &[(
                ty,
                &format!("`#[public]` handler `about` cannot take `{ty}`"),
                "write `#[connected(opt)]`: it lets everybody in and knows who is connected",
            )],
        );
    }
    // Other people's types of these names.
    check(
        "#[public(reason = \"shop\")] async fn about(a: tower_sessions::Session, b: User, c: Option<String>) {}",
        &[],
    );
}

#[test]
fn generic_hook() {
    for generics in ["<T>", "<'a>", "<const N: usize>"] {
        check(
            &format!("#[on_open_session] async fn greet{generics}(user: UserId) {{}}"),
            &[(generics, "hook `greet` cannot be generic", "it is registered once, at link time: name the types")],
        );
    }
}

#[test]
fn generic_policy() {
    for generics in ["<T>", "<'a>", "<const N: usize>"] {
        check(
            &format!("#[policy] async fn owns{generics}(user: UserId) -> bool {{}}"),
            &[(
                generics,
                "policy `owns` cannot be generic",
                "a rule names it without types; write one function for each",
            )],
        );
    }
}

#[test]
fn parameters_without_a_name() {
    for (attribute, noun, reason) in [
        ("on_open_session", "hook", "it is registered once, at link time"),
        ("policy", "policy", "a rule names it without types"),
    ] {
        for ty in ["impl Greeter", "State<impl Greeter>"] {
            check(
                &format!("#[{attribute}] async fn greet(user: UserId, by: {ty}) {{}}"),
                &[(ty, &format!("{noun} `greet` cannot take an `impl Trait`"), &format!("{reason}: name the type"))],
            );
        }
        check(
            &format!("#[{attribute}] async fn greet(user: &UserId) {{}}"),
            &[("&UserId", &format!("{noun} `greet` cannot take a reference"), "take the value, as a handler does")],
        );
    }
}

#[test]
fn policy_in_upper_case() {
    check(
        "#[policy] async fn r#Owns() -> bool {}",
        &[(
            "r#Owns",
            "policy `r#Owns` must begin in lower case",
            "a rule takes a path that ends in upper case for a group",
        )],
    );
}

#[test]
fn all_mistakes_together() {
    check(
        "#[connected(alow = \"admin\", deny = [], force_unconnected)] const unsafe fn home(&self) {}",
        &[
            ("alow", "unknown argument `alow` in `#[connected]`", "an argument with a similar name exists: `allow`"),
            ("[]", "`deny` must name at least one group", "to keep nobody out, leave `deny` out"),
            (
                "force_unconnected",
                "`force_unconnected` must stand beside `opt`",
                "write `#[connected(opt, force_unconnected)]`",
            ),
            ("const", "handler `home` cannot be `const`", "remove `const`"),
            ("unsafe", "handler `home` cannot be `unsafe`", "remove `unsafe`"),
            ("fn", "handler `home` must be async", "write `async fn home`"),
            (
                "&self",
                "handler `home` cannot take `self`",
                "make it a free function and receive what it needs with `State`",
            ),
        ],
    );
    check(
        "#[on_request(order = \"1\")] struct Home;",
        &[
            ("\"1\"", "expected a whole number", "write `order = 10`"),
            (
                "struct",
                "`#[on_request]` can only be used on functions: expected `fn`, found `struct`",
                "put it on the hook: `#[on_request] async fn …`",
            ),
        ],
    );
}
