//! Dependencies that a test breaks and mends, sampled in virtual time: a second costs nothing and is exact.

mod breaker;
mod journal;
mod outages;
mod report;
mod sampler;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chassis::Health;
use chassis::readiness::{CheckFailure, CheckResult, Class, Dependency, Readiness, Samplers, Timing};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::telemetry::query_all_subscribers;

const PERIOD: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(2);
const JITTER: Duration = Duration::from_secs(1);

const TIMING: Timing =
    Timing { period: PERIOD, timeout: TIMEOUT, jitter: JITTER, failures_to_down: 3, successes_to_up: 2 };

/// Behaviour of a dependency.
#[derive(Clone, Copy, Debug)]
enum Behaviour {
    Works,
    /// No route to it: known after a while.
    Unreachable,
    /// Nothing listens: known at once.
    Refuses,
    /// Fails with a code.
    RefusesWith(&'static str),
    /// It would answer, after its timeout.
    Slow,
    /// Packets to it vanish.
    Hangs,
    Panics,
}

/// Something that a service could depend on.
struct Fake {
    behaviour: watch::Sender<Behaviour>,
    seen: Arc<Seen>,
}

/// Checks that the dependency has received.
#[derive(Default)]
struct Seen {
    begun: std::sync::Mutex<Vec<Instant>>,
    n_running: AtomicUsize,
    most_running: AtomicUsize,
}

/// A check that runs, until it is dropped.
struct Running(Arc<Seen>);

impl Running {
    fn begin(seen: &Arc<Seen>) -> Self {
        seen.begun.lock().unwrap().push(Instant::now());
        let n_running = seen.n_running.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most_running.fetch_max(n_running, Ordering::SeqCst);
        Self(Arc::clone(seen))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.n_running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Fake {
    fn new(behaviour: Behaviour) -> Self {
        Self { behaviour: watch::Sender::new(behaviour), seen: Arc::default() }
    }

    fn behaves(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }

    fn dependency(&self, name: &'static str, class: Class) -> Dependency {
        let (behaviour, seen) = (self.behaviour.subscribe(), Arc::clone(&self.seen));
        let check = move || {
            let (behaviour, running) = (*behaviour.borrow(), Running::begin(&seen));
            async move {
                let result = act(behaviour).await;
                drop(running);
                result
            }
        };
        Dependency::new(name, class, check).timing(TIMING)
    }

    fn begun(&self) -> Vec<Instant> {
        self.seen.begun.lock().unwrap().clone()
    }

    fn n_running(&self) -> usize {
        self.seen.n_running.load(Ordering::SeqCst)
    }

    fn most_running(&self) -> usize {
        self.seen.most_running.load(Ordering::SeqCst)
    }
}

async fn act(behaviour: Behaviour) -> CheckResult {
    match behaviour {
        Behaviour::Works => Ok(()),
        Behaviour::Unreachable => {
            sleep(TIMEOUT / 2).await;
            Err("unreachable".into())
        }
        Behaviour::Refuses => Err("refused".into()),
        Behaviour::RefusesWith(code) => Err(CheckFailure::new("refused").code(code)),
        Behaviour::Slow => {
            sleep(TIMEOUT * 2).await;
            Ok(())
        }
        Behaviour::Hangs => pending().await,
        Behaviour::Panics => panic!("a check that panics"),
    }
}

/// A service that is ready as far as it goes itself.
fn start(dependencies: Vec<Dependency>) -> (Health, Readiness, Samplers) {
    query_all_subscribers();
    let health = Health::new();
    health.mark_started();
    health.mark_ready();
    let (readiness, samplers) = Readiness::start(dependencies, &health).unwrap();
    (health, readiness, samplers)
}

/// Lets at least `n` checks of each dependency end, however they end.
async fn rounds(n: u32) {
    sleep((PERIOD + JITTER + TIMEOUT) * n).await;
}
