//! One background task a dependency: checks it, waits, checks it again.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::dependency::{Check, CheckResult, Dependency, Timing};
use super::verdict::{State, Verdict};
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
    /// At most one check; dropped with the sampler.
    running: JoinSet<CheckResult>,
}

impl Sampler {
    pub(super) fn new(dependency: Dependency, verdict: watch::Sender<Verdict>, mut hold: Hold) -> Self {
        hold.set(verdict.borrow().holds_readiness(dependency.class, dependency.shared));
        let check = dependency.check();
        Self { dependency, check, verdict, hold, running: JoinSet::new() }
    }

    pub(super) async fn run(mut self) {
        let timing = self.dependency.timing;
        loop {
            let result = timeout(timing.timeout, self.sample()).await.unwrap_or(Err(TIMED_OUT));
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
            Some(Err(_)) | None => Err(PANICKED),
        }
    }

    fn publish(&mut self, result: CheckResult) {
        let Dependency { name, class, shared, timing, .. } = self.dependency;
        let before = *self.verdict.borrow();
        let after = before.after(result, &timing, Instant::now());
        self.hold.set(after.holds_readiness(class, shared));
        self.verdict.send_replace(after);
        if before.state == after.state {
            return;
        }
        match after.state {
            State::Unknown => {}
            State::Up => tracing::info!(dependency = name, "dependency is up"),
            State::Down => {
                let reason = after.reason.unwrap_or_default();
                tracing::warn!(dependency = name, reason, "dependency is down");
            }
        }
    }
}

/// Evenly spread over the period, less or more by the jitter.
fn pause(timing: &Timing) -> Duration {
    let least = timing.period - timing.jitter;
    least.saturating_add(timing.jitter.saturating_mul(2).mul_f64(fastrand::f64()))
}
