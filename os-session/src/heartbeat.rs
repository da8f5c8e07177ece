//! Whether a channel on which nodes hear of each other's changes still carries what is said: a node listens for its own words.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::change::{Listener, News};
use crate::store::StoreError;

/// How often it is tried: a server that is gone without a word, or a pooler that swallows messages, is found out so.
const INTERVAL: Duration = Duration::from_secs(5);

/// Says something every now and then, and waits for its echo. The listener is told when there was one for the first time. It ends when saying
/// fails, or with `unheard` when no echo came before the deadline.
pub(crate) async fn keep_trying<F>(
    mut say: impl FnMut() -> F,
    echo: &Notify,
    listener: &Listener,
    deadline: Duration,
    unheard: StoreError,
) -> StoreError
where
    F: Future<Output = Result<(), StoreError>>,
{
    let mut is_new = true;
    loop {
        let tried = async {
            say().await?;
            echo.notified().await;
            Ok(())
        };
        match timeout(deadline, tried).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error,
            Err(_) => return unheard,
        }
        if is_new {
            listener.tell(News::Listening);
            is_new = false;
        }
        sleep(INTERVAL).await;
    }
}
