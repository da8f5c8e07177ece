//! Keys and their values.

use super::{check, check_connected};

#[test]
fn unknown_key() {
    check_connected(
        r#"alow = "admin""#,
        &[("alow", "unknown argument `alow` in `#[connected]`", "an argument with a similar name exists: `allow`")],
    );
    check_connected(
        "optional",
        &[(
            "optional",
            "unknown argument `optional` in `#[connected]`",
            "the arguments are `allow`, `deny`, `fresh`, `deny_fun`, `opt`, `force_unconnected`, `state`, `crate` and `cross_site`",
        )],
    );
    check(
        r#"#[connected_rpc(cross_site = "a webhook")] async fn rename(user: UserId) {}"#,
        &[(
            "cross_site",
            "unknown argument `cross_site` in `#[connected_rpc]`",
            "the arguments are `allow`, `deny`, `fresh`, `deny_fun`, `opt`, `force_unconnected`, `state` and `crate`",
        )],
    );
    check(
        r#"#[public(reason = "a shop window", allow = "admin")] async fn about() {}"#,
        &[("allow", "unknown argument `allow` in `#[public]`", "the arguments are `reason` and `crate`")],
    );
    check(
        r#"#[policy(allow = "admin")] async fn owns() {}"#,
        &[("allow", "unknown argument `allow` in `#[policy]`", "the only argument is `crate`")],
    );
    check(
        r#"#[on_request(allow = "admin")] async fn count() {}"#,
        &[("allow", "unknown argument `allow` in `#[on_request]`", "the arguments are `order`, `state` and `crate`")],
    );
}

#[test]
fn duplicate_key() {
    check_connected(
        r#"allow = "admin", allow = "staff""#,
        &[("allow", "duplicate argument `allow`", r#"list the groups together: `allow = ["admin", "staff"]`"#)],
    );
    check_connected(
        r#"deny = "banned", opt, deny = 5"#,
        &[("deny", "duplicate argument `deny`", r#"list the groups together: `deny = ["banned", "guest"]`"#)],
    );
    check_connected("opt, opt", &[("opt", "duplicate argument `opt`", "keep one of them")]);
}

#[test]
fn no_key() {
    let no_key = |underlined| {
        (underlined, "expected the name of an argument of `#[connected]`", r#"write `allow = ["admin", "staff"]`"#)
    };
    check_connected(r#""admin""#, &[no_key(r#""admin""#)]);
    check_connected(r#"allow = "admin", "staff""#, &[no_key(r#""staff""#)]);
    check_connected(r#"= "admin""#, &[no_key(r#"= "admin""#)]);
    let superfluous_comma = [(",", "expected the name of an argument of `#[connected]`", "remove this comma")];
    check_connected(r#", allow = "admin""#, &superfluous_comma);
    check_connected(r#"allow = "admin",, opt"#, &superfluous_comma);
    check(
        r#"#[public("the shop window")] async fn about() {}"#,
        &[(
            r#""the shop window""#,
            "expected the name of an argument of `#[public]`",
            "write `reason = \"the shop window\"`",
        )],
    );
    check(
        "#[on_request(10)] async fn count() {}",
        &[("10", "expected the name of an argument of `#[on_request]`", "write `order = 10`")],
    );
}

#[test]
fn no_value() {
    check_connected("allow", &[("allow", "expected a value for `allow`", r#"write `allow = "admin"`"#)]);
    check_connected("allow =, opt", &[("allow =", "expected a value for `allow`", r#"write `allow = "admin"`"#)]);
    check_connected("deny_fun", &[("deny_fun", "expected a value for `deny_fun`", "write `deny_fun = sorry`")]);
    check(
        "#[public(reason)] async fn about() {}",
        &[("reason", "expected a value for `reason`", "write `reason = \"the shop window\"`")],
    );
    check(
        "#[on_request(order)] async fn count() {}",
        &[("order", "expected a value for `order`", "write `order = 10`")],
    );
}

#[test]
fn no_equals_sign() {
    check_connected(
        r#"allow("admin")"#,
        &[(r#"("admin")"#, "expected `=` after `allow`", r#"write `allow = "admin"`"#)],
    );
    check_connected("opt(true)", &[("(true)", "expected `=` after `opt`", "write `opt`")]);
}

#[test]
fn flag_with_value() {
    check_connected("opt = true", &[("= true", "`opt` cannot have a value", "write `opt` alone, or leave it out")]);
    check_connected(
        "opt, force_unconnected = false",
        &[("= false", "`force_unconnected` cannot have a value", "write `force_unconnected` alone, or leave it out")],
    );
}

#[test]
fn deny_fun() {
    check_connected(
        "deny_fun = |user| sorry(user)",
        &[(
            "|user| sorry(user)",
            "`deny_fun` cannot be a closure",
            "write an async fn and name it: `async fn sorry() -> StatusCode { … }` and `deny_fun = sorry`",
        )],
    );
    for value in ["sorry()", r#""sorry""#, "async { 5 }", "sorry sorry"] {
        check_connected(
            &format!("deny_fun = {value}"),
            &[(value, "expected a path to an async fn", "write `deny_fun = sorry`")],
        );
    }
}

#[test]
fn state() {
    for value in [r#""App""#, "5", "App App"] {
        check_connected(&format!("state = {value}"), &[(value, "expected a type", "write `state = App`")]);
    }
}

#[test]
fn krate() {
    for value in [r#""os_session""#, "5", "os_session::<u8>"] {
        check_connected(
            &format!("crate = {value}"),
            &[(value, "expected a path to the crate", "write `crate = my_framework::os_session`")],
        );
    }
}

#[test]
fn reason() {
    check(
        "#[public] async fn about() {}",
        &[("", "`#[public]` must give its reason", "write `#[public(reason = \"the shop window\")]`")],
    );
    check(
        r#"#[public(reason = " ")] async fn about() {}"#,
        &[(r#"" ""#, "`reason` cannot be blank", "write `reason = \"the shop window\"`")],
    );
    check(
        "#[public(reason = shop)] async fn about() {}",
        &[("shop", "expected a reason in quotes", "write `reason = \"the shop window\"`")],
    );
    check_connected(
        r#"cross_site = """#,
        &[(r#""""#, "`cross_site` cannot be blank", "write `cross_site = \"the payment provider posts here\"`")],
    );
    check_connected(
        "cross_site = b\"payments\"",
        &[("b\"payments\"", "expected a reason in quotes", "write `cross_site = \"the payment provider posts here\"`")],
    );
}

#[test]
fn order() {
    for value in [r#""10""#, "1.5", "FIRST", "10u8", "1 + 1", "true"] {
        check(
            &format!("#[on_request(order = {value})] async fn count() {{}}"),
            &[(value, "expected a whole number", "write `order = 10`")],
        );
    }
    for value in ["2147483648", "-2147483649", "99999999999999999999"] {
        check(
            &format!("#[on_request(order = {value})] async fn count() {{}}"),
            &[(value, "`order` must fit in an `i32`", "write a number from -2147483648 to 2147483647")],
        );
    }
}
