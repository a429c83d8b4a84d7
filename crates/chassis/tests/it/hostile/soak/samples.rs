//! The server's memory over time.

use std::fmt;
use std::time::{Duration, Instant};

use test_support::http::raw::Client;
use tokio::time::{MissedTickBehavior, interval};

use super::gauges::{Held, Metrics};
use crate::harness::ms;

/// Maximum growth of the highest memory from the first third to the last. In short runs it is up to 0.5 MiB.
/// A leak of 1 KiB for each request adds 4 MiB even to a short run on a busy machine; five minutes find far smaller ones.
const SLACK_KIB: u64 = 2 * 1024;

pub(super) struct Samples(Vec<Sample>);

struct Sample {
    at: Duration,
    resident_kib: u64,
    n_requests: u64,
    held: Held,
}

impl Samples {
    /// Takes them for so long, while `holds` does not panic.
    pub(super) async fn take(admin: &mut Client, time: Duration, mut holds: impl FnMut()) -> Self {
        let begun = Instant::now();
        let mut ticks = interval(ms(100));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut samples = Vec::new();
        while begun.elapsed() < time {
            ticks.tick().await;
            holds();
            let metrics = Metrics::read(admin).await;
            samples.push(Sample {
                at: begun.elapsed(),
                resident_kib: metrics.resident_kib(),
                n_requests: metrics.requests(),
                held: metrics.held(),
            });
        }
        Self(samples)
    }

    pub(super) fn assert_flat(&self) {
        let (first, last) = self.thirds();
        assert!(last <= first + SLACK_KIB, "{last} KiB at most in the last third, {first} in the first");
    }

    /// The highest memory of the first and the last third, in KiB, after a quarter for the server to come to know its
    /// clients.
    fn thirds(&self) -> (u64, u64) {
        let measured = &self.0[self.0.len() / 4..];
        let third = measured.len() / 3;
        (highest(&measured[..third]), highest(&measured[measured.len() - third..]))
    }
}

fn highest(samples: &[Sample]) -> u64 {
    samples.iter().map(|sample| sample.resident_kib).max().expect("samples")
}

/// A line for each minute.
impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for minute in self.0.chunk_by(|a, b| a.at.as_secs() / 60 == b.at.as_secs() / 60) {
            let Some(Sample { at, resident_kib, n_requests, held }) = minute.last() else { continue };
            let (at, highest) = (at.as_secs_f64(), highest(minute));
            writeln!(
                f,
                "{at:.0} s: {resident_kib} KiB, {highest} at most; {n_requests} requests so far; {held:?}"
            )?;
        }
        let (first, last) = self.thirds();
        writeln!(f, "first third {first} KiB at most, last third {last} KiB at most")
    }
}
