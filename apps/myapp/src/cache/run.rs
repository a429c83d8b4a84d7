//! The tasks that exchange events with the other replicas.

use std::sync::PoisonError;

use super::{Cache, follow, publish};
use crate::feed::Feed;

impl Cache {
    /// Publishes the events of this replica and adds those of the others to `feed`, until dropped.
    pub(crate) async fn run(self, feed: Feed) {
        let taken = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(waiting) = taken else { return };
        tokio::join!(publish::run(self.clone(), waiting), follow::run(self, feed));
    }
}
