//! One background task a dependency: checks it, waits, checks it again.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::dependency::{Check, Dependency, Timing};
use super::failure::CheckResult;
use super::journal::Journal;
use super::verdict::Verdict;
use crate::health::Hold;

/// Reason of a check that took longer than its timeout.
pub const TIMED_OUT: &str = "timed out";

/// Reason of a check that panicked.
pub const PANICKED: &str = "panicked";

pub(super) struct Sampler {
    dependency: Dependency,
    check: Check,
    verdict: watch::Sender<Verdict>,
    hold: Hold,
    journal: Journal,
    /// At most one check; dropped with the sampler.
    running: JoinSet<CheckResult>,
}

impl Sampler {
    pub(super) fn new(dependency: Dependency, verdict: watch::Sender<Verdict>, mut hold: Hold) -> Self {
        hold.set(verdict.borrow().holds_readiness(dependency.class, dependency.shared));
        let check = dependency.check();
        let journal = Journal::new(dependency.name, dependency.class);
        Self { dependency, check, verdict, hold, journal, running: JoinSet::new() }
    }

    pub(super) async fn run(mut self) {
        let timing = self.dependency.timing;
        loop {
            let result =
                timeout(timing.timeout, self.sample()).await.unwrap_or_else(|_| Err(TIMED_OUT.into()));
            self.running.abort_all();
            self.publish(result);
            sleep(pause(&timing)).await;
        }
    }

    /// Runs the check in a task of its own, where its panic ends. Should it block its thread, against the rules, then
    /// this task sees that its time is over, as long as another thread of the runtime has work. Such a check cannot be
    /// dropped, so the next one waits for it: checks never pile up.
    async fn sample(&mut self) -> CheckResult {
        while self.running.join_next().await.is_some() {}
        let check = Check::clone(&self.check);
        self.running.spawn(async move { check().await });
        match self.running.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(_)) | None => Err(PANICKED.into()),
        }
    }

    fn publish(&mut self, result: CheckResult) {
        let Dependency { class, shared, timing, .. } = self.dependency;
        let now = Instant::now();
        let verdict = self.verdict.borrow().after(result, &timing, now);
        let holds = verdict.holds_readiness(class, shared);
        self.hold.set(holds);
        self.journal.note(&verdict, !holds, now);
        self.verdict.send_replace(verdict);
    }
}

/// Evenly spread over the period, less or more by the jitter.
fn pause(timing: &Timing) -> Duration {
    let least = timing.period - timing.jitter;
    least.saturating_add(timing.jitter.saturating_mul(2).mul_f64(fastrand::f64()))
}
