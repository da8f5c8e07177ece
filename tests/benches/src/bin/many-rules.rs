//! The same table in a binary with two hundred rules more: what it costs a request that others have rules too.
//!
//! Run with `cargo run --release -p os-session-benches --bin many-rules -- requests`.

use os_session::connected;
use os_session_benches::{allocator::Counting, cases, harness};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

macro_rules! twenty_rules_in {
    ($($module:ident)*) => {$(
        #[expect(dead_code, reason = "they are there to be linked in")]
        mod $module {
            use super::connected;

            #[connected]
            async fn rule_00() {}

            #[connected(allow = "group 03")]
            async fn rule_01() {}

            #[connected(allow = ["group 06", "group 15"], deny = "group 07")]
            async fn rule_02() {}

            #[connected(allow = "group 09" & !"group 02")]
            async fn rule_03() {}

            #[connected]
            async fn rule_04() {}

            #[connected(allow = "group 15")]
            async fn rule_05() {}

            #[connected(allow = ["group 18", "group 03"], deny = "group 11")]
            async fn rule_06() {}

            #[connected(allow = "group 01" & !"group 10")]
            async fn rule_07() {}

            #[connected]
            async fn rule_08() {}

            #[connected(allow = "group 07")]
            async fn rule_09() {}

            #[connected(allow = ["group 10", "group 11"], deny = "group 15")]
            async fn rule_10() {}

            #[connected(allow = "group 13" & !"group 18")]
            async fn rule_11() {}

            #[connected]
            async fn rule_12() {}

            #[connected(allow = "group 19")]
            async fn rule_13() {}

            #[connected(deny = "group 19")]
            async fn rule_14() {}

            #[connected(allow = "group 05" & !"group 06")]
            async fn rule_15() {}

            #[connected]
            async fn rule_16() {}

            #[connected(allow = "group 11")]
            async fn rule_17() {}

            #[connected(allow = ["group 14", "group 07"], deny = "group 03")]
            async fn rule_18() {}

            #[connected(allow = "group 17" & !"group 14")]
            async fn rule_19() {}

        }
    )*};
}

twenty_rules_in!(one two three four five six seven eight nine ten);

fn main() {
    assert!(os_session::access_table().rows().len() > 200, "they are linked in");
    harness::main("cargo run --release -p os-session-benches --bin many-rules", &cases());
}
