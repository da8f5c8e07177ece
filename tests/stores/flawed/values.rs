//! Wrong about values: columns that are too narrow, or of the wrong type.

use std::time::Duration;

use os_session::{
    Ended, Found, Inserted, Limit, Listed, NewSession, Rotation, SessionHandle, SessionKey, Store as _, Timestamp,
    UserId,
};

use super::{Answer, Flaw, Right, with};

flaws! {
    /// Moments in seconds.
    KeepsSeconds;
    /// Lifetimes that do not fit are none.
    OverflowsLifetimes;
    /// Handles as floating point numbers.
    RoundsHandles;
    /// No device and an empty one are the same.
    TakesEmptyForNone;
    /// Users compared without their case.
    IgnoresCase;
    /// Group names compared as numbers, where they are some.
    ComparesGroupsAsNumbers;
    /// Users cut off at the end of a C string.
    CutsAtNul;
}

impl Flaw for KeepsSeconds {
    async fn find(&self, right: &Right, key: &SessionKey) -> Answer<Option<Found>> {
        let seconds = |moment: Timestamp| Timestamp::from_millis(moment.as_millis() / 1000 * 1000);
        let found = right.memory.find(key).await?;
        Ok(found.map(|found| Found {
            opened: seconds(found.opened),
            seen: seconds(found.seen),
            authenticated: seconds(found.authenticated),
            ends: seconds(found.ends),
            expires: seconds(found.expires),
            ..found
        }))
    }
}

impl Flaw for OverflowsLifetimes {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let fits = |lifetime: Duration| i64::try_from(lifetime.as_millis()).map_or(Duration::ZERO, |_| lifetime);
        right
            .memory
            .insert(
                with(new, |new| {
                    new.idle = fits(new.idle);
                    new.absolute = fits(new.absolute);
                }),
                limit,
            )
            .await
    }
}

impl Flaw for RoundsHandles {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        let handle = SessionHandle::from_u64(new.handle.as_u64() as f64 as u64);
        right.memory.insert(with(new, |new| new.handle = handle), limit).await
    }
}

impl Flaw for TakesEmptyForNone {
    async fn list(&self, right: &Right, user: &UserId) -> Answer<Vec<Listed>> {
        let mut listed = right.memory.list(user).await?;
        for session in &mut listed {
            session.device = session.device.take().filter(|device| !device.is_empty());
        }
        Ok(listed)
    }
}

impl Flaw for IgnoresCase {
    async fn list(&self, right: &Right, user: &UserId) -> Answer<Vec<Listed>> {
        let mut listed = right.memory.list(user).await?;
        if user.as_str() != user.as_str().to_lowercase() {
            listed.extend(right.memory.list(&user.as_str().to_lowercase().into()).await?);
        }
        Ok(listed)
    }
}

fn number(name: &str) -> String {
    name.parse::<f64>().map_or_else(|_| name.to_owned(), |number| number.to_string())
}

impl Flaw for ComparesGroupsAsNumbers {
    async fn create_group(&self, right: &Right, name: &str) -> Answer<()> {
        right.memory.create_group(&number(name)).await
    }

    async fn add_to_group(&self, right: &Right, user: &UserId, group: &str) -> Answer<bool> {
        right.memory.add_to_group(user, &number(group)).await
    }

    async fn in_group(&self, right: &Right, user: &UserId, group: &str) -> Answer<bool> {
        right.memory.in_group(user, &number(group)).await
    }
}

fn cut(user: &UserId) -> UserId {
    user.as_str().split('\0').next().unwrap_or_default().into()
}

impl Flaw for CutsAtNul {
    async fn insert(&self, right: &Right, new: NewSession, limit: Limit) -> Answer<Inserted> {
        right.memory.insert(with(new, |new| new.user = cut(&new.user)), limit).await
    }

    async fn list(&self, right: &Right, user: &UserId) -> Answer<Vec<Listed>> {
        right.memory.list(&cut(user)).await
    }
}

/// A new token makes the session anew, without its device.
#[derive(Default)]
pub(crate) struct ForgetsTheDevice;

impl Flaw for ForgetsTheDevice {
    async fn rotate(&self, right: &Right, rotation: Rotation) -> Answer<bool> {
        right.memory.rotate(rotation).await
    }

    async fn list(&self, right: &Right, user: &UserId) -> Answer<Vec<Listed>> {
        let mut listed = right.memory.list(user).await?;
        for session in &mut listed {
            if right.get(&session.key).is_none() {
                session.device = None;
            }
        }
        Ok(listed)
    }

    async fn close(&self, right: &Right, key: &SessionKey) -> Answer<Option<Ended>> {
        right.memory.close(key).await
    }
}
