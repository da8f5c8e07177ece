//! Arguments that do not go together, and attributes that do not.

use super::check;
use crate::paths::Runtime;
use crate::role::Role;

#[test]
fn force_unconnected() {
    for (attribute, parameters) in [("connected", ""), ("connected_rpc", "user: Option<UserId>")] {
        check(
            &format!(
                "#[{attribute}(force_unconnected)] async fn home({}) {{}}",
                parameters.replace("Option<UserId>", "UserId")
            ),
            &[(
                "force_unconnected",
                "`force_unconnected` must stand beside `opt`",
                &format!("write `#[{attribute}(opt, force_unconnected)]`"),
            )],
        );
        check(
            &format!("#[{attribute}(opt, force_unconnected, allow = \"admin\")] async fn home({parameters}) {{}}"),
            &[(
                "force_unconnected",
                "`force_unconnected` cannot stand beside `allow`",
                "the request counts as unconnected, so nobody would get in; keep one of the two",
            )],
        );
    }
    check(
        "#[connected_wrapper(force_unconnected, allow = \"admin\")] async fn purge() {}",
        &[(
            "force_unconnected",
            "`force_unconnected` cannot stand beside `allow`",
            "the request counts as unconnected, so nobody would get in; keep one of the two",
        )],
    );
    check("#[connected_wrapper(force_unconnected)] async fn purge() {}", &[]);
}

#[test]
fn opt_on_a_wrapper() {
    check(
        "#[connected_wrapper(opt)] async fn purge() {}",
        &[("opt", "`opt` cannot be used on `#[connected_wrapper]`", "it is already optional: leave `opt` out")],
    );
}

#[test]
fn duplicate_attribute() {
    check(
        "#[connected] #[connected(deny = \"banned\")] async fn home() {}",
        &[(
            "#[connected(deny = \"banned\")]",
            "duplicate `#[connected]` on `home`",
            "one attribute takes both: `#[connected(allow = \"admin\", deny = \"banned\")]`",
        )],
    );
    check(
        "#[public(reason = \"shop\")] #[public(reason = \"window\")] async fn about() {}",
        &[("#[public(reason = \"window\")]", "duplicate `#[public]` on `about`", "keep one of them")],
    );
    check(
        "#[on_request] #[os_session::on_request(order = 5)] async fn count() {}",
        &[("#[os_session::on_request(order = 5)]", "duplicate `#[on_request]` on `count`", "keep one of them")],
    );
    // One function may wait for several events.
    check("#[on_start_process] #[on_open_session] async fn count() {}", &[]);
}

#[test]
fn two_wrappers() {
    let opt = "keep one of them; `#[connected(opt)]` lets everybody in and knows who is connected";
    check(
        "#[connected] #[public(reason = \"shop\")] async fn home() {}",
        &[("#[public(reason = \"shop\")]", "`home` cannot be both `#[connected]` and `#[public]`", opt)],
    );
    check(
        "#[public(reason = \"shop\")] #[doc = \"\"] #[::os_session::connected] async fn home() {}",
        &[("#[::os_session::connected]", "`home` cannot be both `#[public]` and `#[connected]`", opt)],
    );
    check(
        "#[connected_rpc] #[connected_wrapper] async fn rename(user: UserId) {}",
        &[(
            "#[connected_wrapper]",
            "`rename` cannot be both `#[connected_rpc]` and `#[connected_wrapper]`",
            "keep one of them",
        )],
    );
    check(
        "#[connected(crate = my::session)] #[my::session::connected_rpc] #[other::connected_rpc] async fn home() {}",
        &[(
            "#[my::session::connected_rpc]",
            "`home` cannot be both `#[connected]` and `#[connected_rpc]`",
            "keep one of them",
        )],
    );
}

#[test]
fn wrapper_and_hook() {
    for (source, underlined) in [
        ("#[connected] #[on_open_session] async fn home() {}", "#[on_open_session]"),
        ("#[on_open_session] #[connected] async fn home() {}", "#[connected]"),
    ] {
        check(
            source,
            &[(
                underlined,
                "`home` cannot be both a `#[connected]` handler and an `#[on_open_session]` hook",
                "write two functions, and a third for what they share",
            )],
        );
    }
    check(
        "#[on_request] #[on_open_session] #[connected_wrapper] async fn count() {}",
        &[(
            "#[connected_wrapper]",
            "`count` cannot be both a `#[connected_wrapper]` server function and an `#[on_request]` hook",
            "write two functions, and a third for what they share",
        )],
    );
}

#[test]
fn neighbours_leave_no_second_error() {
    for source in [
        "#[connected] #[connected] async fn home() {}",
        "#[on_request] #[connected] async fn home() {}",
        "#[connected_wrapper] #[os_session::public(reason = \"shop\")] async fn home() {}",
        "#[on_request] #[on_open_session] fn count() {}",
    ] {
        let (_, rest) = super::errors(super::expand(source));
        let file: syn::File = syn::parse2(rest).expect("what stands beside the errors is Rust");
        let is_ours = |attribute: &syn::Attribute| Role::of(attribute.path(), &Runtime::default()).is_some();
        for item in &file.items {
            if let syn::Item::Fn(function) = item {
                assert!(!function.attrs.iter().any(is_ours), "an attribute is left of {source}");
            }
        }
    }
}
