use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use serde::de::DeserializeOwned;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::engine::Engine;
use crate::watch::Watcher;
use crate::{Apply, Changes, Contract, Loaded, Participant, Snapshot, Sources, Status, Unknown};

/// Events that a slow listener may lag behind before it misses some.
const EVENTS: usize = 256;

/// How long each part of a reload may take.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Time from a hint of the system to the look: one change comes as several hints. It runs from the first of them,
    /// so that changes without end cannot put the look off.
    pub debounce: Duration,
    /// Time between two looks without any hint.
    pub poll: Duration,
    /// Time that all participants together have to prepare.
    pub prepare: Duration,
    /// Time after the commit during which a participant may take it back. The next change waits for its end, so this
    /// bounds how long whoever mends a bad change waits.
    pub observe: Duration,
    /// Time before what was refused or rolled back for a transient cause is tried again; doubled each time.
    pub retry_first: Duration,
    /// Longest such time.
    pub retry_longest: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            debounce: Duration::from_millis(50),
            poll: Duration::from_secs(5),
            prepare: Duration::from_secs(10),
            observe: Duration::from_secs(2),
            retry_first: Duration::from_secs(1),
            retry_longest: Duration::from_secs(30),
        }
    }
}

/// Something that happened to the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new generation is in force. For one that was rolled back before, it comes when the generation has held.
    Committed {
        /// Which.
        generation: u64,
        /// What changed in it.
        changes: Changes,
    },
    /// A configuration was refused; sent once for the same configuration and reasons.
    Rejected {
        /// Why; never with a secret.
        reasons: Vec<String>,
        /// Whether it is tried again by itself.
        retrying: bool,
    },
    /// A generation that had come into force was taken back; sent once for the same configuration and reason.
    RolledBack {
        /// Which is in force again.
        generation: u64,
        /// Who took it back, and why.
        reason: String,
        /// Whether it is tried again by itself.
        retrying: bool,
    },
    /// Files whose names are no settings, at the first look and whenever what is mounted has changed.
    Unknown(Vec<Unknown>),
    /// What had been refused is gone, and what is in force is what is mounted again.
    Restored,
}

/// A configuration that changes while the process runs. Clones are handles to the same one.
pub struct Live<S> {
    shared: Arc<Shared<S>>,
    asks: mpsc::UnboundedSender<oneshot::Sender<Apply>>,
}

pub(crate) struct Shared<S> {
    /// The one in force.
    pub(crate) snapshot: ArcSwap<Snapshot<S>>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) events: broadcast::Sender<Event>,
}

impl<S> Clone for Live<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), asks: self.asks.clone() }
    }
}

impl<S> Live<S> {
    /// The snapshot in force, for the length of a few statements; costs nanoseconds.
    pub fn load(&self) -> Guard<Arc<Snapshot<S>>> {
        self.shared.snapshot.load()
    }

    /// The snapshot in force, to be kept across an await: whoever holds it sees one generation.
    pub fn snapshot(&self) -> Arc<Snapshot<S>> {
        self.shared.snapshot.load_full()
    }

    /// Where the process stands now.
    pub fn status(&self) -> Status {
        self.shared.status.borrow().clone()
    }

    /// Tells each change of the status, from the present one on.
    pub fn watch_status(&self) -> watch::Receiver<Status> {
        self.shared.status.subscribe()
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    /// Looks at the sources now, also at what was refused before, and returns what became of it: after the commit, not
    /// after the observe window, in which it is still [`Apply::Applying`]. Calls while a reload runs are folded into one
    /// after it, that is up to [`Timing::prepare`] and [`Timing::observe`] later. `None` when the driver has ended.
    pub async fn reload(&self) -> Option<Apply> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(answer).ok()?;
        answered.await.ok()
    }
}

/// Keeps a configuration live for as long as it runs.
#[must_use = "nothing changes unless the driver runs"]
pub struct Driver<S> {
    engine: Engine<S>,
}

impl<S: DeserializeOwned + Send + Sync + 'static> Driver<S> {
    /// Makes `loaded`, which was read from `sources`, the first generation. `participants` already serve it.
    pub fn new(
        contract: Contract,
        sources: Sources,
        loaded: Loaded<S>,
        participants: Vec<Arc<dyn Participant<S>>>,
        timing: Timing,
    ) -> (Live<S>, Self) {
        let watcher = Watcher::new(sources.mounted());
        let snapshot = Snapshot::new(1, loaded);
        snapshot.comes_into_force();
        let status = Status {
            generation: snapshot.generation,
            in_force_since: snapshot.since(),
            apply: Apply::Converged,
            apply_since: snapshot.since(),
            found: snapshot.sums.clone(),
            pinned: snapshot.pinned().map(str::to_owned).collect(),
            watching: watcher.state(),
            reloads: crate::Reloads::default(),
        };
        let shared = Arc::new(Shared {
            snapshot: ArcSwap::from_pointee(snapshot),
            status: watch::Sender::new(status),
            events: broadcast::Sender::new(EVENTS),
        });
        let (asks, asked) = mpsc::unbounded_channel();
        let engine =
            Engine::new(contract, sources, participants, timing, Arc::clone(&shared), watcher, asked);
        (Live { shared, asks }, Self { engine })
    }

    /// Runs until dropped, or until every handle is gone. Dropping it is safe at any time: what was not yet committed is
    /// undone by its participants' drops, what was stays in force.
    pub async fn run(self) {
        self.engine.run().await;
    }
}
