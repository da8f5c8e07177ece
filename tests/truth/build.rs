//! Writes a handler for every expression that makes a rule.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

#[path = "../../os-session-macros/src/tests/every_expression.rs"]
mod every_expression;

/// Those of the simplest rules are routed, and of the others one in so many: enough, for requests cost a build of each handler.
const ROUTED: usize = 16;
const SIMPLE: usize = 6 + 36;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../os-session-macros/src/tests/every_expression.rs");
    let mut rules = Rules::default();
    for (number, expression) in every_expression::every_expression().into_iter().enumerate() {
        if expression.is_refused() {
            continue;
        }
        let routed = number < SIMPLE || number % ROUTED == 0;
        rules.add(&format!("allow_{number}"), &format!("allow = {}", expression.text), expression.truth, routed);
        if number < SIMPLE {
            rules.add(&format!("deny_{number}"), &format!("deny = {}", expression.text), !expression.truth, true);
        }
    }
    let Rules { handlers, truths, routes } = rules;
    let text = format!(
        "{handlers}
        /// The name of each handler, and of whom its rule is true.
        pub const TRUTHS: &[(&str, u64)] = &[{truths}];

        /// The handlers that are routed, each under its name.
        pub fn routes() -> Router {{
            Router::new(){routes}
        }}"
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it"));
    fs::write(out.join("rules.rs"), text).expect("the folder is ours");
}

#[derive(Default)]
struct Rules {
    handlers: String,
    truths: String,
    routes: String,
}

impl Rules {
    fn add(&mut self, name: &str, rule: &str, truth: u64, routed: bool) {
        let Self { handlers, truths, routes } = self;
        let dead = if routed { "" } else { "#[expect(dead_code, reason = \"its rule is what counts\")]" };
        writeln!(handlers, "{dead} #[connected({rule})] async fn {name}() {{}}").expect("a string takes everything");
        writeln!(truths, "({name:?}, {truth:#x}),").expect("a string takes everything");
        if routed {
            write!(routes, ".route(\"/{name}\", get({name}))").expect("a string takes everything");
        }
    }
}
