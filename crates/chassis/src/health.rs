//! What the process knows of its own health. Reading it touches memory only.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How often an accept loop shows that it runs.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// A loop silent for this long is dead: ten beats, so that a busy machine is not taken for a broken process.
const SILENCE: Duration = Duration::from_secs(10);

/// Start-up, readiness and liveness: three answers to three questions, shared by all clones.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<State>);

#[derive(Debug, Default)]
struct State {
    started: AtomicBool,
    ready: AtomicBool,
    draining: AtomicBool,
    closing: watch::Sender<Closing>,
    holds: AtomicUsize,
    loops: Mutex<Vec<Arc<Pulse>>>,
}

/// How often long answers were asked to end.
#[derive(Clone, Copy, Debug, Default)]
struct Closing {
    round: u32,
    is_last: bool,
}

impl Health {
    /// Neither started nor ready; alive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that start-up is over; it stays so.
    pub fn mark_started(&self) {
        self.0.started.store(true, Ordering::Release);
    }

    /// Says that traffic is welcome as far as the service itself goes. Without effect once the drain has begun;
    /// [dependencies](crate::readiness) have their own say.
    pub fn mark_ready(&self) {
        self.0.ready.store(true, Ordering::Release);
    }

    /// Whether start-up is over.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.0.started.load(Ordering::Acquire)
    }

    /// Whether traffic is welcome: marked ready, held back by no dependency, and no drain has begun.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
            && self.0.holds.load(Ordering::Acquire) == 0
            && !self.0.draining.load(Ordering::Acquire)
    }

    /// Whether the drain has begun, which ends readiness for good.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    /// Whether every accept loop of a traffic listener still runs, or was stopped by the drain.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let loops = self.0.loops.lock().unwrap_or_else(PoisonError::into_inner);
        loops.iter().all(|pulse| pulse.is_alive())
    }

    /// Resolves when a long answer must come to its end, so that its client asks again and is led to another process.
    ///
    /// The drain asks for that when no traffic has come for a while, and once more when it stops accepting; what is left
    /// `drain-requests-max` later is cut. Not at the stop signal: until traffic has moved, clients would come back here
    /// again and again. Who asks for the future late gets the next end, not the one that has passed.
    pub fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closing = self.0.closing.subscribe();
        let seen = closing.borrow().round;
        async move {
            // An error says that no server is left: time to end as well.
            let _ = closing.wait_for(|now| now.is_last || now.round > seen).await;
        }
    }

    /// Ends readiness for good.
    pub(crate) fn begin_drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Ends the long answers so far; with `is_last` also those that are still to come.
    pub(crate) fn end_long_answers(&self, is_last: bool) {
        self.0.closing.send_modify(|closing| *closing = Closing { round: closing.round + 1, is_last });
    }

    /// Something that may hold readiness back from now on; at first it does not.
    pub(crate) fn hold(&self) -> Hold {
        Hold { state: Arc::clone(&self.0), holds: false }
    }

    /// Liveness depends on the returned heartbeat from now on.
    pub(crate) fn watch_loop(&self) -> Heartbeat {
        let pulse = Arc::new(Pulse::new());
        self.0.loops.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&pulse));
        Heartbeat(pulse)
    }
}

/// One reason of several that can keep the process from being ready. Dropping it leaves readiness as it is.
#[derive(Debug)]
pub(crate) struct Hold {
    state: Arc<State>,
    holds: bool,
}

impl Hold {
    pub(crate) fn set(&mut self, holds: bool) {
        match (self.holds, holds) {
            (false, true) => _ = self.state.holds.fetch_add(1, Ordering::AcqRel),
            (true, false) => _ = self.state.holds.fetch_sub(1, Ordering::AcqRel),
            (false, false) | (true, true) => {}
        }
        self.holds = holds;
    }
}

/// Held by an accept loop. Dropped without [`Heartbeat::stop`], as a panic or an abort would, it makes the process not
/// live at once.
#[derive(Debug)]
pub(crate) struct Heartbeat(Arc<Pulse>);

impl Heartbeat {
    pub(crate) fn beat(&self) {
        self.0.last_beat_ms.store(self.0.age_ms(), Ordering::Release);
    }

    /// The loop ends because it was told to.
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
struct Pulse {
    born: Instant,
    last_beat_ms: AtomicU64,
    stopped: AtomicBool,
    ended: AtomicBool,
}

impl Pulse {
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
        !self.ended.load(Ordering::Acquire) && u128::from(silent_ms) < SILENCE.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::Health;

    #[test]
    fn an_accept_loop_that_dies_ends_liveness() {
        let health = Health::new();
        let heartbeat = health.watch_loop();
        assert!(health.is_live());
        drop(heartbeat);
        assert!(!health.is_live());
    }

    #[test]
    fn an_accept_loop_that_was_told_to_stop_does_not_end_liveness() {
        let health = Health::new();
        health.watch_loop().stop();
        assert!(health.is_live());
    }

    #[test]
    fn readiness_waits_until_nothing_holds_it_back() {
        let health = Health::new();
        health.mark_ready();
        let mut holds = [health.hold(), health.hold()];
        assert!(health.is_ready());
        for hold in &mut holds {
            hold.set(true);
            hold.set(true);
        }
        for hold in &mut holds {
            assert!(!health.is_ready());
            hold.set(false);
        }
        assert!(health.is_ready() && health.is_live());
    }

    #[test]
    fn readiness_does_not_come_back_after_the_drain_began() {
        let health = Health::new();
        health.mark_ready();
        health.begin_drain();
        health.mark_ready();
        assert!(!health.is_ready());
    }
}
