//! The groups in `allow` and `deny`.

use super::check_connected;

const WRITE_GROUPS: &str = "write `\"admin\"`, a path such as `Group::Admin`, or a list of them in brackets";

#[test]
fn other_literal() {
    for value in ["5", "1.5", "true", "'a'", "b\"admin\"", "c\"admin\"", "b'a'"] {
        check_connected(
            &format!("allow = {value}"),
            &[(value, "expected a group name in quotes", "write `allow = \"admin\"`")],
        );
    }
    check_connected("deny = [\"banned\", 5]", &[("5", "expected a group name in quotes", "write `deny = \"banned\"`")]);
}

#[test]
fn lower_case_path() {
    check_connected(
        "allow = admin",
        &[(
            "admin",
            "expected a group",
            "write `\"admin\"`, or a path whose last part begins in upper case, such as `Group::Admin`",
        )],
    );
    check_connected(
        "deny = [Group::Banned, groups::r#guest]",
        &[(
            "groups::r#guest",
            "expected a group",
            "write `\"guest\"`, or a path whose last part begins in upper case, such as `Group::Admin`",
        )],
    );
}

#[test]
fn operator() {
    const GROUP_OF_BOTH: &str =
        "a list means one of its groups: give those who are in all of them a group of their own";
    for (value, operator, help) in [
        ("\"admin\" | \"staff\"", "|", "list the groups: `allow = [\"admin\", \"staff\"]`"),
        ("\"admin\" || \"staff\"", "||", "list the groups: `allow = [\"admin\", \"staff\"]`"),
        ("Group::Admin & owns_document", "&", GROUP_OF_BOTH),
        ("!\"banned\"", "!", "name the group in `deny`"),
    ] {
        check_connected(
            &format!("allow = {value}"),
            &[(operator, &format!("`allow` cannot contain `{operator}`"), help)],
        );
    }
}

#[test]
fn no_group() {
    for value in [
        "admin()",
        "(\"admin\")",
        "[\"admin\"; 2]",
        "|user| true",
        "GROUPS[0]",
        "\"admin\" \"staff\"",
        "&ADMIN",
        "#[cfg(test)] \"admin\"",
    ] {
        check_connected(&format!("allow = {value}"), &[(value, "expected a group", WRITE_GROUPS)]);
    }
    check_connected("allow = [[\"admin\"]]", &[("[\"admin\"]", "expected a group", WRITE_GROUPS)]);
}

#[test]
fn empty_list() {
    check_connected(
        "allow = []",
        &[("[]", "`allow` must name at least one group", "to let every connected user in, leave `allow` out")],
    );
    check_connected(
        "deny = []",
        &[("[]", "`deny` must name at least one group", "to keep nobody out, leave `deny` out")],
    );
}

#[test]
fn impossible_names() {
    for blank in ["\"\"", "\"  \"", "\"\\t\""] {
        check_connected(
            &format!("allow = {blank}"),
            &[(blank, "a group name cannot be blank", "name a group, such as `\"admin\"`")],
        );
    }
    check_connected(
        "allow = \"admin, staff\"",
        &[("\"admin, staff\"", "a group name cannot contain `,`", "name each group apart: `[\"admin\", \"staff\"]`")],
    );
    check_connected(
        "allow = [\"staff\", \" admin\"]",
        &[("\" admin\"", "a group name cannot begin or end with white space", "write `\"admin\"`")],
    );
    check_connected(
        "deny = \"ban\\u{7}ned\\n\"",
        &[("\"ban\\u{7}ned\\n\"", "a group name cannot contain control characters", "write `\"banned\"`")],
    );
}

#[test]
fn duplicate() {
    check_connected(
        "allow = [\"admin\", Group::Staff, \"admin\", Group :: Staff]",
        &[
            ("\"admin\"", "duplicate group `admin` in `allow`", "name it once"),
            ("Group :: Staff", "duplicate group `Group::Staff` in `allow`", "name it once"),
        ],
    );
    // Alike only in spelling: a constant may hold any name.
    check_connected("allow = [\"ADMIN\", ADMIN]", &[]);
}

#[test]
fn allowed_and_denied() {
    check_connected(
        "allow = [\"admin\", \"staff\"], deny = [\"banned\", \"admin\"]",
        &[(
            "\"admin\"",
            "group `admin` cannot be both allowed and denied",
            "`deny` wins, so nobody in `admin` would get in; keep one of the two",
        )],
    );
}
