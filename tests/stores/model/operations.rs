//! What may be done to a store.

use proptest::option::of;
use proptest::prelude::*;

/// An operation. Users and groups are among three of each; keys are picked among those that were ever handed out.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    LogIn(LogIn),
    Find {
        which: u8,
        key: u8,
    },
    Touch {
        which: u8,
        key: u8,
    },
    /// `to`: a key that was handed out before, or a new one.
    Rotate {
        which: u8,
        from: u8,
        to: Option<u8>,
        authenticated: Proof,
    },
    Close {
        which: u8,
        key: u8,
    },
    CloseHandle {
        which: u8,
        user: u8,
        handle: u8,
    },
    CloseAll {
        which: u8,
        user: u8,
        except: Option<u8>,
    },
    List {
        which: u8,
        user: u8,
    },
    Purge {
        which: u8,
        most: usize,
    },
    CreateGroup {
        which: u8,
        group: u8,
    },
    AllGroups {
        which: u8,
    },
    Join {
        which: u8,
        user: u8,
        group: u8,
    },
    Leave {
        which: u8,
        user: u8,
        group: u8,
    },
    IsIn {
        which: u8,
        user: u8,
        group: u8,
    },
    Slot {
        which: u8,
        place: Place,
    },
    WriteSlot {
        which: u8,
        place: Place,
        written: Written,
    },
    RotateBrowser {
        which: u8,
        from: u8,
        to: u8,
        session: Option<u8>,
    },
    TouchBrowser {
        which: u8,
        key: u8,
    },
    ForgetBrowser {
        which: u8,
        key: u8,
    },
    CloseAllWithBrowsers {
        which: u8,
        user: u8,
    },
    /// So many ticks go by.
    Pass(u64),
    /// Every process ends and begins again.
    Reopen,
}

/// A log-in.
#[derive(Debug, Clone)]
pub(crate) struct LogIn {
    pub(crate) which: u8,
    pub(crate) user: u8,
    /// A key that was handed out before, or a new one.
    pub(crate) key: Option<u8>,
    pub(crate) idle: u64,
    pub(crate) absolute: u64,
    pub(crate) expire: bool,
    pub(crate) device: Option<String>,
    pub(crate) replaces: Option<u8>,
    pub(crate) limit: u32,
    pub(crate) refuse: bool,
}

/// A slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) of: Of,
    pub(crate) tab: Option<u8>,
    pub(crate) name: u8,
}

/// What a slot belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Session(u8),
    User(u8),
    Browser(u8),
}

/// A write.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Anything, nothing, the version that is there, or one that was.
    pub(crate) expected: u8,
    pub(crate) value: Option<u8>,
    pub(crate) slots: u32,
    pub(crate) tabs: u32,
    /// The browser to be made: how long it lives, and the session that is open in it.
    pub(crate) anew: Option<(u64, Option<u8>)>,
}

/// When a user counts as having proved who they are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof {
    Unchanged,
    Now,
    AtTheLogIn,
}

fn log_in() -> impl Strategy<Value = LogIn> {
    let lifetimes = (2..40_u64, 2..80_u64);
    let kept = (any::<bool>(), of(prop_oneof![Just(String::new()), Just("Firefox".to_owned())]));
    let key = proptest::option::weighted(0.1, any::<u8>());
    (0..2_u8, 0..3_u8, key, lifetimes, kept, proptest::option::weighted(0.2, any::<u8>()), 1..5_u32, any::<bool>())
        .prop_map(|(which, user, key, (idle, absolute), (expire, device), replaces, limit, refuse)| LogIn {
            which,
            user,
            key,
            idle,
            absolute,
            expire,
            device,
            replaces,
            limit,
            refuse,
        })
}

fn place() -> impl Strategy<Value = Place> {
    let of =
        prop_oneof![any::<u8>().prop_map(Of::Session), (0..2_u8).prop_map(Of::User), (0..3_u8).prop_map(Of::Browser),];
    (of, of_few(), 0..2_u8).prop_map(|(of, tab, name)| Place { of, tab, name })
}

fn of_few() -> impl Strategy<Value = Option<u8>> {
    of(0..3_u8)
}

fn written() -> impl Strategy<Value = Written> {
    let value = proptest::option::weighted(0.8, any::<u8>());
    (0..4_u8, value, 1..4_u32, 1..4_u32, proptest::option::weighted(0.8, (2..40_u64, of_few())))
        .prop_map(|(expected, value, slots, tabs, anew)| Written { expected, value, slots, tabs, anew })
}

/// What may be done to slots and browsers, writes and reads most often.
fn slot_operation() -> impl Strategy<Value = Operation> {
    use Operation as Op;
    let (which, key) = (0..2_u8, 0..3_u8);
    let rotate = (which.clone(), key.clone(), key.clone(), of_few());
    prop_oneof![
        4 => (which.clone(), place()).prop_map(|(which, place)| Op::Slot { which, place }),
        6 => (which.clone(), place(), written()).prop_map(|(which, place, written)| Op::WriteSlot { which, place, written }),
        1 => rotate.prop_map(|(which, from, to, session)| Op::RotateBrowser { which, from, to, session }),
        1 => (which.clone(), key.clone()).prop_map(|(which, key)| Op::TouchBrowser { which, key }),
        1 => (which.clone(), key.clone()).prop_map(|(which, key)| Op::ForgetBrowser { which, key }),
        1 => (which, key).prop_map(|(which, user)| Op::CloseAllWithBrowsers { which, user }),
    ]
}

/// Any operation, log-ins and look-ups most often.
pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    use Operation as Op;
    let (which, user, group, key) = (0..2_u8, 0..3_u8, 0..3_u8, any::<u8>());
    let proof = prop_oneof![Just(Proof::Unchanged), Just(Proof::Now), Just(Proof::AtTheLogIn)];
    let rotate = (which.clone(), key, proptest::option::weighted(0.2, key), proof);
    let member = (which.clone(), user.clone(), group.clone());
    prop_oneof![
        6 => log_in().prop_map(Op::LogIn),
        6 => (which.clone(), key).prop_map(|(which, key)| Op::Find { which, key }),
        3 => (which.clone(), key).prop_map(|(which, key)| Op::Touch { which, key }),
        3 => rotate.prop_map(|(which, from, to, authenticated)| Op::Rotate { which, from, to, authenticated }),
        2 => (which.clone(), key).prop_map(|(which, key)| Op::Close { which, key }),
        1 => (which.clone(), user.clone(), key).prop_map(|(which, user, handle)| Op::CloseHandle { which, user, handle }),
        1 => (which.clone(), user.clone(), of(key)).prop_map(|(which, user, except)| Op::CloseAll { which, user, except }),
        2 => (which.clone(), user).prop_map(|(which, user)| Op::List { which, user }),
        1 => (which.clone(), 0..4_usize).prop_map(|(which, most)| Op::Purge { which, most }),
        2 => (which.clone(), group).prop_map(|(which, group)| Op::CreateGroup { which, group }),
        1 => which.prop_map(|which| Op::AllGroups { which }),
        3 => member.clone().prop_map(|(which, user, group)| Op::Join { which, user, group }),
        1 => member.clone().prop_map(|(which, user, group)| Op::Leave { which, user, group }),
        1 => member.prop_map(|(which, user, group)| Op::IsIn { which, user, group }),
        3 => (1..20_u64).prop_map(Op::Pass),
        1 => Just(Op::Reopen),
        12 => slot_operation(),
    ]
}
