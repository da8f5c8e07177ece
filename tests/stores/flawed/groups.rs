//! Wrong about groups.

use std::collections::HashMap;
use std::sync::Mutex;

use os_session::{Ended, Found, GroupSet, SessionKey, Store as _, UserId};

use super::{Answer, Flaw, Right};

flaws! {
    /// Everybody is in every group.
    ForgetsWhoIsInAGroup;
    /// Does not look for groups.
    FindsNoGroups;
    /// Lists groups without their order.
    ListsGroupsBackwards;
    /// Takes a user out of all groups at once.
    RemovesFromAll;
    /// Membership goes with the last session.
    DeletesMembersWithSessions;
}

impl Flaw for ForgetsWhoIsInAGroup {
    async fn in_group(&self, right: &Right, _user: &UserId, group: &str) -> Answer<bool> {
        Ok(right.memory.all_groups().await?.iter().any(|name| name == group))
    }
}

impl Flaw for FindsNoGroups {
    async fn find(&self, right: &Right, key: &SessionKey) -> Answer<Option<Found>> {
        Ok(right.memory.find(key).await?.map(|found| Found { groups: GroupSet::default(), ..found }))
    }
}

impl Flaw for ListsGroupsBackwards {
    async fn all_groups(&self, right: &Right) -> Answer<Vec<String>> {
        Ok(right.memory.all_groups().await?.into_iter().rev().collect())
    }
}

impl Flaw for RemovesFromAll {
    async fn remove_from_group(&self, right: &Right, user: &UserId, group: &str) -> Answer<bool> {
        for name in right.memory.all_groups().await? {
            right.memory.remove_from_group(user, &name).await?;
        }
        right.memory.remove_from_group(user, group).await
    }
}

impl Flaw for DeletesMembersWithSessions {
    async fn close_all(&self, right: &Right, user: &UserId, except: Option<&SessionKey>) -> Answer<Vec<Ended>> {
        for name in right.memory.all_groups().await? {
            right.memory.remove_from_group(user, &name).await?;
        }
        right.memory.close_all(user, except).await
    }
}

/// Remembers the groups that it found with a session.
#[derive(Default)]
pub(crate) struct RemembersGroups(Mutex<HashMap<SessionKey, GroupSet>>);

impl Flaw for RemembersGroups {
    async fn find(&self, right: &Right, key: &SessionKey) -> Answer<Option<Found>> {
        let found = right.memory.find(key).await?;
        let mut known = self.0.lock().unwrap();
        Ok(found.map(|found| Found { groups: known.entry(*key).or_insert(found.groups).clone(), ..found }))
    }
}
