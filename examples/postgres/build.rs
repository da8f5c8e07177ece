//! A new file of migrations has to be compiled in.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
