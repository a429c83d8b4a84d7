//! Background task of one dependency: checks it, waits, and checks it again.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::dependency::{Check, Dependency, Timing};
use super::failure::CheckResult;
use super::journal::Journal;
use super::verdict::Verdict;
use crate::health::ReadinessBlock;

/// Reason of a check that took longer than its timeout.
pub const TIMED_OUT: &str = "timed out";

/// Reason of a check that panicked.
pub const PANICKED: &str = "panicked";

pub(super) struct Sampler {
    dependency: Dependency,
    check: Check,
    verdict: watch::Sender<Verdict>,
    block: ReadinessBlock,
    journal: Journal,
    /// Running check, at most one; dropped with the sampler.
    running: JoinSet<CheckResult>,
}

impl Sampler {
    pub(super) fn new(
        dependency: Dependency,
        verdict: watch::Sender<Verdict>,
        mut block: ReadinessBlock,
    ) -> Self {
        block.set(verdict.borrow().blocks_readiness(dependency.class, dependency.shared));
        let check = dependency.check();
        let journal = Journal::new(dependency.name, dependency.class);
        Self { dependency, check, verdict, block, journal, running: JoinSet::new() }
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

    /// Runs the check in its own task, which contains a panic. If the check blocks its thread, against the rules, this task
    /// still detects the timeout, as long as the runtime has another thread. Such a check cannot be dropped, so the next one
    /// waits for it: checks never accumulate.
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
        let blocks = verdict.blocks_readiness(class, shared);
        self.block.set(blocks);
        self.journal.record(&verdict, !blocks, now);
        self.verdict.send_replace(verdict);
    }
}

/// Random pause: the period, plus or minus the jitter.
fn pause(timing: &Timing) -> Duration {
    let min = timing.period - timing.jitter;
    min.saturating_add(timing.jitter.saturating_mul(2).mul_f64(fastrand::f64()))
}
