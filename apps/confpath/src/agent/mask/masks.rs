//! The secrets to mask: of this generation and of those before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aho_corasick::BuildError;
use zeroize::Zeroizing;

use super::forms::{MIN_LENGTH, forms};
use super::masker::Masker;
use super::needles::Needles;

/// Bytes of former secrets, of which the oldest are forgotten first.
const MAX_FORMER: usize = 16 * 1024;

/// The secrets to mask. Clones are handles of the same ones.
#[derive(Clone)]
pub(crate) struct Masks(Arc<Mutex<Known>>);

struct Known {
    /// The latest at the end.
    secrets: VecDeque<Zeroizing<String>>,
    needles: Arc<Needles>,
}

impl Masks {
    /// # Errors
    /// No automaton can be built.
    pub(crate) fn new() -> Result<Self, BuildError> {
        let needles = Arc::new(Needles::new(&[])?);
        Ok(Self(Arc::new(Mutex::new(Known { secrets: VecDeque::new(), needles }))))
    }

    /// Has the secrets of a generation masked from now on, by their keys. Call it before anyone gets them. Returns the keys whose
    /// values are too short to be masked.
    ///
    /// # Errors
    /// The secrets are too long for an automaton; those before stay masked.
    pub(crate) fn add<'a>(
        &self,
        secrets: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<&'a str>, BuildError> {
        let mut known = self.lock();
        let mut too_short = Vec::new();
        let mut present = 0;
        for (key, secret) in secrets {
            if secret.len() < MIN_LENGTH {
                too_short.push(key);
                continue;
            }
            known.secrets.retain(|former| former.as_str() != secret);
            known.secrets.push_back(Zeroizing::new(secret.to_owned()));
            present += 1;
        }
        known.forget_oldest(present);
        let needles: Vec<_> = known.secrets.iter().flat_map(|secret| forms(secret)).collect();
        known.needles = Arc::new(Needles::new(&needles)?);
        Ok(too_short)
    }

    /// Returns `text` with its secrets masked.
    pub(crate) fn masked(&self, text: &str) -> String {
        let mut masked = Vec::with_capacity(text.len());
        let mut masker = Masker::new(self.needles());
        masker.push(text.as_bytes(), &mut masked);
        masker.flush(&mut masked);
        String::from_utf8_lossy(&masked).into_owned()
    }

    pub(super) fn needles(&self) -> Arc<Needles> {
        Arc::clone(&self.lock().needles)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Keeps the last `present` ones, and of those before them as many as fit.
    fn forget_oldest(&mut self, present: usize) {
        // Two keys may have one secret.
        let former = self.secrets.len().saturating_sub(present);
        let mut bytes: usize = self.secrets.iter().take(former).map(|secret| secret.len()).sum();
        for _ in 0..former {
            if bytes <= MAX_FORMER {
                return;
            }
            bytes -= self.secrets.pop_front().map_or(0, |secret| secret.len());
        }
    }
}
