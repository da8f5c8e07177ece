//! Wrong in what nodes are told of each other.

use os_session::{Change, News};

use crate::nodes::{By, Event, NodeFlaw};

/// Says that the store is this process's alone.
pub(crate) struct SaysThatItIsAlone;

impl NodeFlaw for SaysThatItIsAlone {
    const IS_SHARED: bool = false;
}

/// Listens, and does not say when that begins.
pub(crate) struct ListensInSilence;

impl NodeFlaw for ListensInSilence {
    const SAYS_THAT_IT_LISTENS: bool = false;
}

/// Tells the first who listened, who is gone.
pub(crate) struct ListensOnce;

impl NodeFlaw for ListensOnce {
    const LISTENS_AGAIN: bool = false;
}

/// Knows a handle by its place rather than by what it shares with its clones.
pub(crate) struct TakesAClonesWordsForAnothers;

impl NodeFlaw for TakesAClonesWordsForAnothers {
    const CLONES_ARE_OTHERS: bool = true;
}

/// Tells of all that happens to a session.
pub(crate) struct TellsActivity;

impl NodeFlaw for TellsActivity {
    fn tells(event: &Event) -> bool {
        event.is_real || event.by == By::Touch
    }
}

/// Tells that somebody logged in as what it would be if somebody logged out.
pub(crate) struct TellsLogIns;

impl NodeFlaw for TellsLogIns {
    fn tells(event: &Event) -> bool {
        event.is_real || event.by == By::LogIn
    }
}

/// Tells of each membership that is written, as it was before or not.
pub(crate) struct TellsEveryMembership;

impl NodeFlaw for TellsEveryMembership {
    fn tells(event: &Event) -> bool {
        event.is_real || matches!(event.by, By::Joining | By::Leaving)
    }
}

/// Tells the first of what ended together.
pub(crate) struct TellsTheFirst;

impl NodeFlaw for TellsTheFirst {
    fn message(mut changes: Vec<Change>) -> Vec<Change> {
        changes.truncate(1);
        changes
    }
}

/// Cuts a message off where it becomes too long.
pub(crate) struct CutsLongMessages;

impl NodeFlaw for CutsLongMessages {
    fn message(mut changes: Vec<Change>) -> Vec<Change> {
        changes.truncate(400);
        changes
    }
}

/// Writes names into messages as they are, whose words end at spaces.
pub(crate) struct CutsNamesAtSpaces;

impl NodeFlaw for CutsNamesAtSpaces {
    fn message(changes: Vec<Change>) -> Vec<Change> {
        let cut = |change| match change {
            Change::Groups(user) => Change::Groups(user.as_str().split(' ').next().unwrap_or_default().into()),
            other => other,
        };
        changes.into_iter().map(cut).collect()
    }
}

/// Tells a node what it did itself, as if another had done it.
pub(crate) struct TellsEverybody;

impl NodeFlaw for TellsEverybody {
    fn news(change: Change, _is_own: bool) -> Option<News> {
        Some(News::Changed(change))
    }
}

/// Tells a node nothing of what it did itself.
pub(crate) struct LeavesOutTheOwn;

impl NodeFlaw for LeavesOutTheOwn {
    fn news(change: Change, is_own: bool) -> Option<News> {
        (!is_own).then_some(News::Changed(change))
    }
}

/// Does not tell what is done in one way.
macro_rules! silent {
    ($($name:ident: $way:ident;)*) => {$(
        pub(crate) struct $name;

        impl NodeFlaw for $name {
            fn tells(event: &Event) -> bool {
                event.is_real && event.by != By::$way
            }
        }
    )*};
}

silent! {
    SilentOnLogOut: LogOut;
    SilentOnDevice: Device;
    SilentOnNewToken: NewToken;
    SilentOnReplaced: Replaced;
    SilentOnEvicted: Evicted;
    SilentOnElsewhere: Elsewhere;
    SilentOnEverywhere: Everywhere;
    SilentWithBrowsers: WithBrowsers;
    SilentOnJoining: Joining;
    SilentOnLeaving: Leaving;
    SilentOnPublished: Published;
}
