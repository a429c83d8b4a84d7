//! Health of the process: start-up, readiness, liveness. Reading it touches memory only.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Interval of the heartbeats of an accept loop.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);

/// Time without a heartbeat after which a loop counts as dead: ten intervals, so that a busy machine does not look like a
/// broken process.
const LIVENESS_TIMEOUT: Duration = Duration::from_secs(10);

/// Start-up, readiness and liveness of the process, shared by all clones.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<State>);

#[derive(Debug, Default)]
struct State {
    started: AtomicBool,
    ready: AtomicBool,
    draining: AtomicBool,
    drain_requests: watch::Sender<DrainRequests>,
    blocks: AtomicUsize,
    loops: Mutex<Vec<Arc<Liveness>>>,
}

/// Number of times that long responses were requested to end.
#[derive(Clone, Copy, Debug, Default)]
struct DrainRequests {
    round: u32,
    is_last: bool,
}

impl Health {
    /// A process that is not started and not ready, but live.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Marks start-up as complete, for good.
    pub fn mark_started(&self) {
        self.0.started.store(true, Ordering::Release);
    }

    /// Marks the service itself as ready for traffic. Has no effect once the drain has begun; a
    /// [dependency](crate::readiness) may still block readiness.
    pub fn mark_ready(&self) {
        self.0.ready.store(true, Ordering::Release);
    }

    /// True once start-up is complete.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.0.started.load(Ordering::Acquire)
    }

    /// True if the service is marked ready, no dependency blocks readiness, and no drain has begun.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
            && self.0.blocks.load(Ordering::Acquire) == 0
            && !self.0.draining.load(Ordering::Acquire)
    }

    /// True once the drain has begun, which ends readiness for good.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    /// True if every accept loop of a traffic listener runs, or was stopped by the drain.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let loops = self.0.loops.lock().unwrap_or_else(PoisonError::into_inner);
        loops.iter().all(|liveness| liveness.is_alive())
    }

    /// Resolves when a long response must end, so that its client connects again and reaches another replica.
    ///
    /// The drain requests this when no traffic has come for a while, and once more when it stops accepting; responses that
    /// remain `drain-requests-max` later are cut. It does not at the stop signal: until traffic has moved, clients would come
    /// back here again and again. A future that is created later waits for the next request, not for a past one.
    pub fn drain_requested(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut requests = self.0.drain_requests.subscribe();
        let seen = requests.borrow().round;
        async move {
            // An error means that no server is left: the response has to end as well.
            let _ = requests.wait_for(|now| now.is_last || now.round > seen).await;
        }
    }

    /// Ends readiness for good.
    pub(crate) fn begin_drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Requests long responses to end; with `is_last` also those that begin later.
    pub(crate) fn end_long_responses(&self, is_last: bool) {
        self.0.drain_requests.send_modify(|requests| {
            *requests = DrainRequests { round: requests.round + 1, is_last };
        });
    }

    /// A reason that may block readiness from now on; at first it does not.
    pub(crate) fn block_readiness(&self) -> ReadinessBlock {
        ReadinessBlock { state: Arc::clone(&self.0), blocks: false }
    }

    /// Makes liveness depend on the returned heartbeat.
    pub(crate) fn watch_loop(&self) -> Heartbeat {
        let liveness = Arc::new(Liveness::new());
        self.0.loops.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&liveness));
        Heartbeat(liveness)
    }
}

/// One reason of several that may block readiness. Dropping it does not change readiness.
#[derive(Debug)]
pub(crate) struct ReadinessBlock {
    state: Arc<State>,
    blocks: bool,
}

impl ReadinessBlock {
    pub(crate) fn set(&mut self, blocks: bool) {
        match (self.blocks, blocks) {
            (false, true) => _ = self.state.blocks.fetch_add(1, Ordering::AcqRel),
            (true, false) => _ = self.state.blocks.fetch_sub(1, Ordering::AcqRel),
            (false, false) | (true, true) => {}
        }
        self.blocks = blocks;
    }
}

/// Heartbeat of an accept loop. If it is dropped without [`Heartbeat::stop`], as by a panic or an abort, the process is not live
/// from then on.
#[derive(Debug)]
pub(crate) struct Heartbeat(Arc<Liveness>);

impl Heartbeat {
    pub(crate) fn beat(&self) {
        self.0.last_beat_ms.store(self.0.age_ms(), Ordering::Release);
    }

    /// Ends the loop without an effect on liveness.
    pub(crate) fn stop(self) {
        self.0.stopped.store(true, Ordering::Release);
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
    }
}

#[derive(Debug)]
struct Liveness {
    born: Instant,
    last_beat_ms: AtomicU64,
    stopped: AtomicBool,
    ended: AtomicBool,
}

impl Liveness {
    fn new() -> Self {
        Self {
            born: Instant::now(),
            last_beat_ms: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_alive(&self) -> bool {
        if self.stopped.load(Ordering::Acquire) {
            return true;
        }
        let silent_ms = self.age_ms().saturating_sub(self.last_beat_ms.load(Ordering::Acquire));
        !self.ended.load(Ordering::Acquire) && u128::from(silent_ms) < LIVENESS_TIMEOUT.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::Health;

    #[test]
    fn dead_accept_loop_ends_liveness() {
        let health = Health::new();
        let heartbeat = health.watch_loop();
        assert!(health.is_live());
        drop(heartbeat);
        assert!(!health.is_live());
    }

    #[test]
    fn stopped_accept_loop_does_not_end_liveness() {
        let health = Health::new();
        health.watch_loop().stop();
        assert!(health.is_live());
    }

    #[test]
    fn readiness_waits_until_nothing_blocks_it() {
        let health = Health::new();
        health.mark_ready();
        let mut blocks = [health.block_readiness(), health.block_readiness()];
        assert!(health.is_ready());
        for block in &mut blocks {
            block.set(true);
            block.set(true);
        }
        for block in &mut blocks {
            assert!(!health.is_ready());
            block.set(false);
        }
        assert!(health.is_ready() && health.is_live());
    }

    #[test]
    fn drain_ends_readiness_for_good() {
        let health = Health::new();
        health.mark_ready();
        health.begin_drain();
        health.mark_ready();
        assert!(!health.is_ready());
    }
}
