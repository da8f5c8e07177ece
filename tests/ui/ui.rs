//! Each misuse with its whole message: what is wrong, where, and what to write instead.
//!
//! `TRYBUILD=overwrite cargo test -p os-session-tests --test ui` writes the messages again; read them before they are committed.
//! `cargo test -p os-session-tests --test ui -- misuse trybuild=associated_function` runs the cases with that name.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[test]
fn misuse_says_what_to_write_instead() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/fail/*.rs");
    cases.pass("ui/*/pass/*.rs");
}

/// The library, as this test was built with it.
fn library() -> PathBuf {
    let deps = env::current_exe().expect("the test is a file");
    let built = fs::read_dir(deps.parent().expect("it is in a directory")).expect("the directory is there");
    let libraries = built.map(|file| file.expect("it can be listed").path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("libos_session-") && Path::new(name).extension().is_some_and(|kind| kind == "rlib")
    });
    libraries.max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok()).expect("it is built")
}

/// A dependency of trybuild's project cannot be renamed, so this one is compiled by rustc alone.
#[test]
fn a_renamed_crate_gets_the_name_of_the_argument() {
    let library = library();
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "ui/renamed/without_crate.rs"])
        .arg(format!("--out-dir={}", env!("CARGO_TARGET_TMPDIR")))
        .arg(format!("--extern=sessions={}", library.display()))
        .arg(format!("-Ldependency={}", library.parent().expect("it is in a directory").display()))
        .output()
        .expect("rustc runs");
    let message = String::from_utf8(output.stderr).expect("messages are text");
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/renamed/without_crate.stderr");
    if env::var_os("TRYBUILD").is_some_and(|mode| mode == "overwrite") {
        fs::write(&expected, &message).expect("the message is written");
    }
    assert_eq!(message, fs::read_to_string(&expected).unwrap_or_default(), "{}", expected.display());
}
