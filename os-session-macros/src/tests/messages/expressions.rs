//! What stands behind `allow` and `deny`.

use super::check_connected;

const EXPECTED: &str = "expected a group or a policy";
const WRITE: &str =
    "write `\"admin\"`, a path such as `Group::Admin` or `owns_document`, or several joined by `|`, `&` and `!`";

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
fn expressions_and_policies() {
    for value in [
        "admin",
        "policies::r#is_owner",
        "\"admin\" | \"staff\"",
        "Group::Admin & !owns_document",
        "(\"admin\" | owns_document) & !(\"trainee\" | in_office)",
        "[\"admin\", \"editor\" & owns_document]",
    ] {
        check_connected(&format!("allow = {value}"), &[]);
    }
}

#[test]
fn other_operators() {
    for (operator, help) in [("||", "write `|`"), ("&&", "write `&`")] {
        check_connected(
            &format!("allow = \"admin\" {operator} \"staff\""),
            &[(operator, &format!("groups are joined by one `{}`", &operator[1..]), help)],
        );
    }
    check_connected(
        "allow = \"admin\" ^ \"staff\", deny = \"a\" == 5",
        &[
            ("^", "`allow` cannot contain `^`", "join groups and policies by `|`, `&` and `!`"),
            ("5", "expected a group name in quotes", "write `deny = \"banned\"`"),
            ("==", "`deny` cannot contain `==`", "join groups and policies by `|`, `&` and `!`"),
        ],
    );
    check_connected("allow = &ADMIN", &[("&", "`&` must stand between two groups", "write `\"admin\" & \"staff\"`")]);
}

#[test]
fn no_group() {
    for value in
        ["[\"admin\"; 2]", "|user| true", "GROUPS[0]", "\"admin\" \"staff\"", "#[cfg(test)] \"admin\"", "-\"admin\""]
    {
        check_connected(&format!("allow = {value}"), &[(value, EXPECTED, WRITE)]);
    }
    check_connected(
        "allow = owns_document(id)",
        &[(
            "owns_document(id)",
            "a policy is named, not called",
            "write `owns_document`: it takes what it needs from the request",
        )],
    );
    for value in ["[[\"admin\"]]", "\"staff\" | [\"admin\"]"] {
        check_connected(
            &format!("allow = {value}"),
            &[("[\"admin\"]", "a list cannot stand in another expression", "join its groups by `|`, in parentheses")],
        );
    }
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
    check_connected(
        "allow = owns & (\"a\" & \"b\") & owns, deny = (\"c\" & \"d\") | (\"c\" & \"d\")",
        &[
            ("owns", "duplicate policy `owns` in `allow`", "name it once"),
            ("\"c\" & \"d\"", "duplicate `\"c\" & \"d\"` in `deny`", "name it once"),
        ],
    );
    // In other company a group means something else.
    check_connected("allow = (\"a\" & \"b\") | (\"a\" & \"c\")", &[]);
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
            "`deny` wins, so nobody would get in by `admin`; keep one of the two",
        )],
    );
}

#[test]
fn nobody_gets_in() {
    check_connected(
        "allow = \"admin\" & !\"admin\"",
        &[("\"admin\" & !\"admin\"", "nobody can satisfy `allow`", "not even a user in `admin` only gets in")],
    );
    check_connected(
        "allow = \"a\" & \"b\" & !(\"a\" | owns)",
        &[("\"a\" & \"b\" & !(\"a\" | owns", "nobody can satisfy `allow`", "not even a user in `a` and `b` gets in")],
    );
    check_connected(
        "deny = \"a\" | !\"a\"",
        &[("\"a\" | !\"a\"", "`deny` refuses everybody", "even a user in none of these groups is refused")],
    );
    check_connected(
        "allow = \"a\" & \"b\", deny = \"a\"",
        &[(
            "\"a\" & \"b\"",
            "nobody can satisfy this rule",
            "a user in `a` and `b` satisfies `allow`, and `deny` as well, which wins",
        )],
    );
    check_connected(
        "allow = owns & !owns",
        &[("owns & !owns", "nobody can satisfy `allow`", "not even a user to whom `owns` says yes gets in")],
    );
}

#[test]
fn everybody_gets_in() {
    check_connected(
        "allow = \"admin\" | !\"admin\"",
        &[(
            "\"admin\" | !\"admin\"",
            "every connected user satisfies `allow`",
            "a user in none of these groups gets in as well; to let every connected user in, leave `allow` out",
        )],
    );
}

#[test]
fn a_deny_that_changes_nothing() {
    check_connected(
        "deny = \"a\" & !\"a\"",
        &[(
            "\"a\" & !\"a\"",
            "`deny` refuses nobody by this",
            "not even a user in `a` only is refused by it; leave it out",
        )],
    );
    check_connected(
        "allow = \"staff\", deny = !\"staff\" & \"banned\"",
        &[(
            "!\"staff\" & \"banned\"",
            "`allow` refuses already whom this denies",
            "a user in `banned` only does not satisfy `allow` anyway; leave it out",
        )],
    );
    check_connected(
        "allow = \"staff\" & !\"guest\", deny = \"banned\" | \"guest\"",
        &[(
            "\"guest\"",
            "`allow` refuses already whom this denies",
            "a user in `guest` only does not satisfy `allow` anyway; leave it out",
        )],
    );
}

#[test]
fn too_many_groups() {
    let groups: Vec<_> = (1..=17).map(|number| format!("\"g{number}\"")).collect();
    check_connected(&format!("allow = {}", groups[..16].join(" | ")), &[]);
    check_connected(
        &format!("allow = {}", groups.join(" | ")),
        &[("\"g17\"", "a rule cannot name more than 16 groups and policies", "make a group, or a policy, of several")],
    );
}
