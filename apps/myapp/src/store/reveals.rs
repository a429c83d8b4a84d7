//! Reveals by this replica, counted so that an unusual number of them is noticed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time over which reveals are counted.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Usual maximum of reveals within that time.
const USUAL: u64 = 60;

#[derive(Default)]
pub(super) struct Reveals {
    total: AtomicU64,
    hour: Mutex<Option<Hour>>,
}

struct Hour {
    began: Instant,
    count: u64,
}

impl Reveals {
    /// Returns the number of reveals so far.
    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Counts a reveal at `now`; returns true once an hour, at the first reveal beyond [`USUAL`].
    pub(super) fn is_alarming(&self, now: Instant) -> bool {
        self.total.fetch_add(1, Ordering::Relaxed);
        let mut hour = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        let current = hour.take().filter(|hour| now.duration_since(hour.began) < HOUR);
        let mut current = current.unwrap_or(Hour { began: now, count: 0 });
        current.count += 1;
        let is_alarming = current.count == USUAL + 1;
        *hour = Some(current);
        is_alarming
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_looks_are_alarming_once_an_hour() {
        let (reveals, begin) = (Reveals::default(), Instant::now());
        let alarms_at = |now| (0..1000).filter(|_| reveals.is_alarming(now)).count();
        assert_eq!(alarms_at(begin), 1);
        assert_eq!(alarms_at(begin + HOUR / 2), 0);
        assert_eq!(alarms_at(begin + HOUR), 1);
        assert_eq!(reveals.total(), 3000);
    }

    #[test]
    fn usual_looks_are_not_alarming() {
        let (reveals, begin) = (Reveals::default(), Instant::now());
        assert!((0..USUAL).all(|_| !reveals.is_alarming(begin)));
        assert!((0..USUAL).all(|_| !reveals.is_alarming(begin + HOUR)));
        assert!(reveals.is_alarming(begin + HOUR));
    }
}
