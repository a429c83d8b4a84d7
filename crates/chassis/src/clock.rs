//! Time of day, by the clock that measures requests.
//!
//! Thousands of responses and log lines share a second. Its text is made once, and the system's time of day is read only then.

use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SECOND: Duration = Duration::from_secs(1);

/// One second of the time of day.
pub(crate) struct Second {
    begun: Instant,
    /// Timestamp, as `2026-01-31T12:34:56`.
    pub(crate) timestamp: [u8; 19],
    /// Value of a `Date` field, as `Sat, 31 Jan 2026 12:34:56 GMT`.
    #[cfg(any(test, feature = "fast-path"))]
    pub(crate) date: [u8; 29],
}

thread_local! {
    static LAST: RefCell<Option<Second>> = const { RefCell::new(None) };
}

/// Calls `use_it` with the second that contains `now`, and the time since that second began. `None` only in the first second
/// after the start of the machine.
pub(crate) fn at<T>(now: Instant, use_it: impl FnOnce(&Second, Duration) -> T) -> Option<T> {
    LAST.with_borrow_mut(|last| {
        let mut into = last.as_ref().and_then(|second| second.into(now));
        if into.is_none() {
            *last = Second::around(now);
            into = last.as_ref().and_then(|second| second.into(now));
        }
        last.as_ref().zip(into).map(|(second, into)| use_it(second, into))
    })
}

impl Second {
    fn around(now: Instant) -> Option<Self> {
        let time = SystemTime::now();
        let into = time.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
        let begun = now.checked_sub(Duration::from_nanos(into.into()))?;
        let timestamp = humantime::format_rfc3339_seconds(time).to_string();
        Some(Self {
            begun,
            timestamp: *timestamp.as_bytes().first_chunk()?,
            #[cfg(any(test, feature = "fast-path"))]
            date: *httpdate::fmt_http_date(time).as_bytes().first_chunk()?,
        })
    }

    /// Time since this second began; `None` if `now` is outside of it.
    fn into(&self, now: Instant) -> Option<Duration> {
        now.checked_duration_since(self.begun).filter(|since| *since < SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_and_timestamp_are_of_the_second() {
        let begun = Instant::now();
        // Until the next second or the one after it, so that the system's time is read again.
        while begun.elapsed() < Duration::from_millis(1100) {
            let system = SystemTime::now();
            let read = at(Instant::now(), |second, into| (second.timestamp, second.date, into));
            let (timestamp, date, into) = read.expect("the machine is up for a second");
            let date = httpdate::parse_http_date(std::str::from_utf8(&date).unwrap()).unwrap();
            let timestamp = format!("{}Z", std::str::from_utf8(&timestamp).unwrap());
            assert_eq!(humantime::parse_rfc3339(&timestamp).unwrap(), date);
            let apart = (date + into).duration_since(system).unwrap_or_else(|error| error.duration());
            assert!(apart < Duration::from_millis(500), "{date:?} and {into:?} at {system:?}");
        }
    }
}
