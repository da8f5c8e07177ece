//! What the macro proves, against truth tables.

use super::every_expression::every_expression;
use super::expand;

fn is_refused(arguments: &str) -> bool {
    let expansion = expand(&format!("#[connected({arguments})] async fn home() {{}}"));
    expansion.to_string().contains("compile_error")
}

#[test]
fn a_rule_is_refused_if_everybody_or_nobody_satisfies_it_or_it_repeats_itself_and_only_then() {
    let all = every_expression();
    assert_eq!(all.len(), 6 + 36 + 36 + 2 * (42 * 41 / 2 - 6 * 5 / 2), "each once");
    for expression in &all {
        let arguments = format!("allow = {}", expression.text);
        assert_eq!(is_refused(&arguments), expression.is_refused(), "{arguments}");
    }
}

#[test]
fn the_same_goes_for_deny() {
    for expression in every_expression().iter().take(6 + 36) {
        let arguments = format!("deny = {}", expression.text);
        assert_eq!(is_refused(&arguments), expression.is_refused(), "{arguments}");
    }
}

/// Beside each other, where nothing is wrong with either: somebody has to get in, and each part of `deny` has to keep out somebody
/// whom `allow` lets in.
#[test]
fn a_deny_that_leaves_nobody_or_keeps_out_nobody_is_refused() {
    let all = every_expression();
    let shallow: Vec<_> = all.iter().take(6 + 36).filter(|expression| !expression.is_refused()).collect();
    for allow in &shallow {
        // One part each: what is wrong with one of several is told of that one.
        for deny in shallow.iter().filter(|deny| !deny.text.contains('|')) {
            let useless = allow.truth & deny.truth == 0 || allow.truth & !deny.truth == 0;
            let says_the_same = allow.text.split(" | ").any(|allowed| allowed == deny.text);
            let arguments = format!("allow = {}, deny = {}", allow.text, deny.text);
            assert_eq!(is_refused(&arguments), useless || says_the_same, "{arguments}");
        }
    }
}
