//! Each misuse with its whole message: what is wrong, where, and what to write instead.
//!
//! `TRYBUILD=overwrite cargo test -p os-session-tests --test ui` writes the messages anew; read them before they are committed.

#[test]
fn misuse_says_what_to_write_instead() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/fail/*.rs");
    cases.pass("ui/*/pass/*.rs");
}
