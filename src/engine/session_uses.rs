//! The uses of sessions that are being saved, beside the requests that are uses: no read waits for the database's writer.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::watch;

use crate::domain::id::SessionId;

/// The sessions whose use is being saved.
#[derive(Debug, Default)]
pub struct SessionUses(watch::Sender<BTreeSet<SessionId>>);

impl SessionUses {
    /// Begins to save the use of a session; `None` while it is being saved.
    pub(super) fn begin(self: &Arc<Self>, session: SessionId) -> Option<Saving> {
        let is_new = self.0.send_if_modified(|saving| saving.insert(session));
        is_new.then(|| Saving { uses: self.clone(), session })
    }

    /// Waits until no use is being saved.
    pub async fn saved(&self) {
        // Cannot fail: the sender is `self`.
        let _ = self.0.subscribe().wait_for(BTreeSet::is_empty).await;
    }
}

/// The use of a session is being saved, until it is dropped.
#[derive(Debug)]
pub(super) struct Saving {
    uses: Arc<SessionUses>,
    session: SessionId,
}

impl Drop for Saving {
    fn drop(&mut self) {
        self.uses.0.send_modify(|saving| {
            saving.remove(&self.session);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_use_of_a_session_is_not_saved_twice_at_once_and_all_are_waited_for() {
        let uses = Arc::new(SessionUses::default());
        uses.saved().await;
        let (one, two) = (uses.begin(SessionId(1)).unwrap(), uses.begin(SessionId(2)).unwrap());
        assert!(uses.begin(SessionId(1)).is_none());
        let waiting = tokio::spawn({
            let uses = uses.clone();
            async move { uses.saved().await }
        });
        drop(one);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the other is still being saved");
        drop(uses.begin(SessionId(1)).unwrap());
        drop(two);
        waiting.await.unwrap();
    }
}
