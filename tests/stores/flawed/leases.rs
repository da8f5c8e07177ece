//! Wrong in what a revocation waits for.

use std::time::Duration;

use crate::nodes::{By, Event, NodeFlaw, Sound};

/// Logs all that happens to a session.
pub(crate) struct LogsActivity;

impl NodeFlaw for LogsActivity {
    fn logs(event: &Event) -> bool {
        Sound::logs(event) || event.by == By::Touch
    }
}

/// Waits whatever is done.
pub(crate) struct WaitsAtLogIns;

impl NodeFlaw for WaitsAtLogIns {
    fn awaited(_by: By, _logged: Option<u64>, reached: u64) -> Option<u64> {
        Some(reached)
    }
}

/// Waits for what it took away itself, and not for what was gone before.
pub(crate) struct WaitsForItsOwn;

impl NodeFlaw for WaitsForItsOwn {
    fn awaited(_by: By, logged: Option<u64>, _reached: u64) -> Option<u64> {
        logged
    }
}

/// Waits for one of the nodes.
pub(crate) struct WaitsForOneNode;

impl NodeFlaw for WaitsForOneNode {
    fn waits_for(place: usize) -> bool {
        place == 0
    }
}

/// Keeps of the log what the quickest node has not applied.
pub(crate) struct CutsTheLogAtTheQuickest;

impl NodeFlaw for CutsTheLogAtTheQuickest {
    fn cut(_slowest: u64, fastest: u64) -> u64 {
        fastest
    }
}

/// Takes it that an answer arrives.
pub(crate) struct TakesToldForApplied;

impl NodeFlaw for TakesToldForApplied {
    fn notes(_applied: u64, reached: u64) -> u64 {
        reached
    }
}

/// Tells a node the whole log each time.
pub(crate) struct TellsTheWholeLog;

impl NodeFlaw for TellsTheWholeLog {
    fn tells_behind(_applied: u64) -> u64 {
        0
    }

    fn cut(_slowest: u64, _fastest: u64) -> u64 {
        0
    }
}

/// Draws positions before it commits, as a sequence does.
pub(crate) struct DrawsPositionsBefore;

impl NodeFlaw for DrawsPositionsBefore {
    const SHOWS_POSITIONS_EARLY: bool = true;
}

/// Waits for half a lease.
pub(crate) struct ShortensLeases;

impl NodeFlaw for ShortensLeases {
    fn lease(lease: Duration) -> Duration {
        lease / 2
    }
}

/// Keeps who does not renew.
pub(crate) struct KeepsTheDead;

impl NodeFlaw for KeepsTheDead {
    fn removes(_found: u64, _renewals: u64) -> bool {
        false
    }
}

/// Removes who has just renewed.
pub(crate) struct RemovesTheSlow;

impl NodeFlaw for RemovesTheSlow {
    fn removes(_found: u64, _renewals: u64) -> bool {
        true
    }
}

/// Keeps who has left.
pub(crate) struct KeepsWhoLeft;

impl NodeFlaw for KeepsWhoLeft {
    const TAKES_OFF_WHO_LEAVES: bool = false;
}

/// Believes a node whatever it says.
pub(crate) struct BelievesNodes;

impl NodeFlaw for BelievesNodes {
    fn believes(_applied: u64, _told: u64, _reached: u64) -> bool {
        true
    }
}

/// Looks at how long the log is, and not at what the node was told.
pub(crate) struct LooksAtTheLogAlone;

impl NodeFlaw for LooksAtTheLogAlone {
    fn believes(applied: u64, _told: u64, reached: u64) -> bool {
        applied <= reached
    }
}

/// Tells a node that it knows too much, and waits for it no more, though it may not have heard it.
pub(crate) struct DropsWhoKnowsMore;

impl NodeFlaw for DropsWhoKnowsMore {
    const TAKES_OFF_WHO_KNOWS_MORE: bool = true;
}

/// Does not log what is done in one way.
macro_rules! unlogged {
    ($($name:ident: $way:ident;)*) => {$(
        pub(crate) struct $name;

        impl NodeFlaw for $name {
            fn logs(event: &Event) -> bool {
                Sound::logs(event) && event.by != By::$way
            }
        }
    )*};
}

unlogged! {
    ForgetsNewTokens: NewToken;
    ForgetsTheReplaced: Replaced;
    ForgetsTheEvicted: Evicted;
    ForgetsLogOuts: LogOut;
    ForgetsDevices: Device;
    ForgetsElsewhere: Elsewhere;
    ForgetsEverywhere: Everywhere;
    ForgetsWithBrowsers: WithBrowsers;
    ForgetsTheExpired: Expired;
    ForgetsJoining: Joining;
    ForgetsLeaving: Leaving;
    ForgetsPublished: Published;
}

/// Logs what is done in one way, and does not wait.
macro_rules! hasty {
    ($($name:ident: $way:ident;)*) => {$(
        pub(crate) struct $name;

        impl NodeFlaw for $name {
            fn awaited(by: By, logged: Option<u64>, reached: u64) -> Option<u64> {
                Sound::awaited(by, logged, reached).filter(|_| by != By::$way)
            }
        }
    )*};
}

hasty! {
    HastyAtNewTokens: NewToken;
    HastyAtLogIns: LogIn;
    HastyAtLogOuts: LogOut;
    HastyAtDevices: Device;
    HastyElsewhere: Elsewhere;
    HastyEverywhere: Everywhere;
    HastyWithBrowsers: WithBrowsers;
    HastyAtJoining: Joining;
    HastyAtLeaving: Leaving;
    HastyAtPublished: Published;
}
