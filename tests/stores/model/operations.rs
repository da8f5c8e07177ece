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
    ]
}
