use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use crate::Snapshot;

/// Reads the snapshot in force again and again for one owner, such as a connection: it keeps the one it read last, so
/// that a look at an unchanged configuration is one atomic load.
///
/// It keeps that snapshot, with the secrets in it, until it looks again: give it to what looks often or ends soon.
pub struct Reader<S> {
    cache: Cache<Arc<ArcSwap<Snapshot<S>>>, Arc<Snapshot<S>>>,
}

impl<S> Reader<S> {
    pub(crate) fn new(in_force: Arc<ArcSwap<Snapshot<S>>>) -> Self {
        Self { cache: Cache::new(in_force) }
    }

    /// The snapshot in force now.
    pub fn snapshot(&mut self) -> &Arc<Snapshot<S>> {
        self.cache.load()
    }
}
