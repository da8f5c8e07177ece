//! A constant would be another slot wherever it is named.

use os_session::{Error, Session, Slot, scope};

const SEEN: Slot<u32, scope::User> = Slot::volatile();

async fn see(session: Session) -> Result<(), Error> {
    SEEN.set(&session, 1).await
}

fn main() {}
