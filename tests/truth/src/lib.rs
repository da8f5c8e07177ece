//! Every rule over four groups and two policies that is at most three deep, as a handler, and of whom it is true.
//!
//! The four are the first, the last and two in the middle of 130 groups, on both sides of a multiple of 64.

use axum::http::HeaderMap;
use os_session::routing::{Router, get};
use os_session::{Group, Sessions, UserId, connected, policy};

pub use self::rules::{TRUTHS, routes};

#[expect(clippy::unreadable_literal, reason = "a script wrote them")]
mod rules {
    use super::{Group, LAST, Router, connected, get, p, q};

    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}

/// The groups that a user may be in, by the bits of its number.
pub const GROUPS: [&str; 4] = ["group 000", "group 063", "group 064", "group 129"];

/// The policies, by the next bits.
pub const POLICIES: [&str; 2] = ["p", "q"];

/// How many kinds of users there are.
pub const USERS: u32 = 64;

const LAST: &str = "group 129";

/// A group as a type.
#[derive(Debug, Clone, Copy, Group)]
pub enum Group {
    /// The last one of the first 64.
    #[group("group 063")]
    Middle,
}

fn says(headers: &HeaderMap, policy: &str) -> bool {
    headers.get("x-says").is_some_and(|says| says.to_str().is_ok_and(|says| says.contains(policy)))
}

#[policy]
async fn p(headers: HeaderMap) -> bool {
    says(&headers, "p")
}

#[policy]
async fn q(headers: HeaderMap) -> bool {
    says(&headers, "q")
}

macro_rules! others {
    ($($name:ident [$($group:literal)*])*) => {
        $(
            /// So that there are more groups than fit into a word.
            #[connected(allow = [$($group),*])]
            pub async fn $name() {}
        )*
    };
}

others! {
    others_0 ["group 001" "group 002" "group 003" "group 004" "group 005" "group 006" "group 007" "group 008" "group 009" "group 010" "group 011" "group 012"]
    others_1 ["group 013" "group 014" "group 015" "group 016" "group 017" "group 018" "group 019" "group 020" "group 021" "group 022" "group 023" "group 024"]
    others_2 ["group 025" "group 026" "group 027" "group 028" "group 029" "group 030" "group 031" "group 032" "group 033" "group 034" "group 035" "group 036"]
    others_3 ["group 037" "group 038" "group 039" "group 040" "group 041" "group 042" "group 043" "group 044" "group 045" "group 046" "group 047" "group 048"]
    others_4 ["group 049" "group 050" "group 051" "group 052" "group 053" "group 054" "group 055" "group 056" "group 057" "group 058" "group 059" "group 060"]
    others_5 ["group 061" "group 062" "group 065" "group 066" "group 067" "group 068" "group 069" "group 070" "group 071" "group 072" "group 073" "group 074"]
    others_6 ["group 075" "group 076" "group 077" "group 078" "group 079" "group 080" "group 081" "group 082" "group 083" "group 084" "group 085" "group 086"]
    others_7 ["group 087" "group 088" "group 089" "group 090" "group 091" "group 092" "group 093" "group 094" "group 095" "group 096" "group 097" "group 098"]
    others_8 ["group 099" "group 100" "group 101" "group 102" "group 103" "group 104" "group 105" "group 106" "group 107" "group 108" "group 109" "group 110"]
    others_9 ["group 111" "group 112" "group 113" "group 114" "group 115" "group 116" "group 117" "group 118" "group 119" "group 120" "group 121" "group 122"]
    others_10 ["group 123" "group 124" "group 125" "group 126" "group 127" "group 128"]
}

/// Users are numbers, and in the groups of their bits.
///
/// # Panics
///
/// Never: there are no hooks, and every group is known.
pub async fn sessions() -> Sessions {
    let groups = |user: UserId| async move {
        let user: u32 = user.as_str().parse().unwrap_or_default();
        groups_of(user)
    };
    let known = (0..130).map(|number| format!("group {number:03}"));
    Sessions::builder().groups(known, groups).build().await.expect("a configuration without faults")
}

/// The groups that a user is in.
#[must_use]
pub fn groups_of(user: u32) -> Vec<&'static str> {
    chosen(&GROUPS, user)
}

/// The policies that say yes to it.
#[must_use]
pub fn policies_of(user: u32) -> Vec<&'static str> {
    chosen(&POLICIES, user >> GROUPS.len())
}

fn chosen(names: &[&'static str], bits: u32) -> Vec<&'static str> {
    names.iter().enumerate().filter(|(bit, _)| bits & 1 << bit != 0).map(|(_, name)| *name).collect()
}
