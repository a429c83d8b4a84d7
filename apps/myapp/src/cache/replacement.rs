//! A change of the cache's target, in steps that a transaction needs.

use std::sync::Arc;

use super::session::Session;
use super::target::Target;
use super::{Cache, CacheError};

impl Cache {
    /// Prepares a change to `target`. If the open sessions are not valid for it, proves it by a session before anything changes.
    ///
    /// # Errors
    /// The reason why no session can be opened.
    pub(crate) async fn prepare(&self, target: Target) -> Result<Replacement, CacheError> {
        let current = self.target();
        if current.is_same(&target) {
            return Ok(Replacement { cache: self.clone(), target: current });
        }
        let target = Arc::new(target);
        Session::open(&target).await?;
        Ok(Replacement { cache: self.clone(), target })
    }
}

/// The target to be activated or, after activation, the previous one.
pub(crate) struct Replacement {
    cache: Cache,
    target: Arc<Target>,
}

impl Replacement {
    /// Activates the held target, and holds the previously active one. Open sessions end only if the target is another one.
    pub(crate) fn swap(&mut self) {
        let next = Arc::clone(&self.target);
        self.cache.shared.target.send_if_modified(|in_force| {
            self.target = std::mem::replace(in_force, next);
            !Arc::ptr_eq(in_force, &self.target)
        });
    }
}
