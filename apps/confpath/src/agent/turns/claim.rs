//! The claim of this replica to restart CMD: a random number that `/digests` shows for as long as it is held.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The claim that is published, and its holders.
#[derive(Default)]
pub(super) struct Claims(Mutex<Weak<Claim>>);

/// A claim: published until its last holder drops it. No two are equal.
pub(super) struct Claim(String);

impl Claims {
    /// Publishes a claim, or holds the one that is published.
    ///
    /// # Errors
    /// The kernel gives no random number.
    pub(super) fn claim(&self) -> Result<Arc<Claim>, getrandom::Error> {
        let mut published = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claim) = published.upgrade() {
            return Ok(claim);
        }
        let mut number = [0; 16];
        getrandom::fill(&mut number)?;
        let claim = Arc::new(Claim(number.iter().map(|byte| format!("{byte:02x}")).collect()));
        *published = Arc::downgrade(&claim);
        Ok(claim)
    }

    pub(super) fn published(&self) -> Option<String> {
        let claim = self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        claim.map(|claim| claim.0.clone())
    }
}

impl Claim {
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}
