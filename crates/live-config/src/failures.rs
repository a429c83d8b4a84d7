//! The content that is not in force: the outcomes reported of it, and the time of its retry.

use std::time::Duration;

use tokio::time::Instant;

use crate::participant::RefusalKind;
use crate::status::Apply;
use crate::timing::Timing;

/// Outcomes remembered of one content, so that a cause that comes and goes is reported once.
const MAX_REPORTED: usize = 16;

/// One attempt to bring a content into force.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) content: [u8; 32],
    /// True if a delay that ended is its only cause.
    pub(crate) is_retry: bool,
}

/// The last content that was refused or rolled back, if it has not been superseded.
#[derive(Default)]
pub(crate) struct Failures {
    failed: Option<Failed>,
    /// Survives an observe window, so that a veto after it doubles the delay.
    retry: Option<Retry>,
}

#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    delay: Duration,
}

struct Failed {
    content: [u8; 32],
    reported: Vec<Apply>,
}

impl Failures {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The time of the next retry, if there is to be one.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.retry.map(|retry| retry.at)
    }

    /// The outcomes reported of `content`; `None` unless it is what failed last.
    pub(crate) fn outcomes(&self, content: [u8; 32]) -> Option<&[Apply]> {
        self.failed
            .as_ref()
            .filter(|failed| failed.content == content)
            .map(|failed| failed.reported.as_slice())
    }

    pub(crate) fn was_rolled_back(&self, content: [u8; 32]) -> bool {
        self.outcomes(content).into_iter().flatten().any(|apply| matches!(apply, Apply::RolledBack { .. }))
    }

    /// Remembers the outcome of an attempt; returns true unless it was reported of the same content before.
    pub(crate) fn is_new(&mut self, attempt: Attempt, apply: &Apply) -> bool {
        let mut reported = match self.failed.take() {
            Some(failed) if failed.content == attempt.content => failed.reported,
            _ => Vec::new(),
        };
        let is_new = !reported.contains(apply);
        if is_new {
            reported.truncate(MAX_REPORTED - 1);
            reported.push(apply.clone());
        }
        self.failed = Some(Failed { content: attempt.content, reported });
        is_new
    }

    /// Returns true if there will be a retry. The delay is longer each time a retry fails; a request to look does not make it longer.
    pub(crate) fn schedule_retry(&mut self, attempt: Attempt, timing: &Timing, kind: RefusalKind) -> bool {
        let last = self.retry.filter(|_| attempt.is_retry).map(|last| last.delay);
        let delay = last.map_or(timing.retry_first, |last| {
            (last * 2).clamp(timing.retry_first, timing.retry_longest.max(timing.retry_first))
        });
        let now = Instant::now();
        self.retry = match kind {
            RefusalKind::Permanent => None,
            RefusalKind::Transient => Some(Retry { at: now + delay, delay }),
            // A wait is no failure: it makes no later delay longer.
            RefusalKind::Deferred(by) => Some(Retry { at: now + by, delay: last.unwrap_or_default() }),
        };
        self.retry.is_some()
    }
}
