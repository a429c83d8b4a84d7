use std::sync::Arc;

use arc_swap::ArcSwap;
use contract::Contract;
use serde::de::DeserializeOwned;
use tokio::sync::{broadcast, mpsc, watch};

use crate::engine::Engine;
use crate::live::Live;
use crate::load::{Loaded, Sources};
use crate::participant::Participant;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::status::{Apply, Reloads, Status};
use crate::timing::Timing;
use crate::watch::Watcher;

/// Events that a slow receiver may lag behind before it misses some.
const EVENTS: usize = 256;

/// Applies changes of the configuration for as long as the driver runs.
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
            reloads: Reloads::default(),
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

    /// Adds a participant that was made of the first generation.
    pub fn participant(mut self, participant: Arc<dyn Participant<S>>) -> Self {
        self.engine.add_participant(participant);
        self
    }

    /// Has `hook` called with each snapshot that comes into force, rolled back ones included. It must not wait.
    pub fn on_commit(mut self, hook: impl Fn(&Snapshot<S>) + Send + Sync + 'static) -> Self {
        self.engine.add_hook(Box::new(hook));
        self
    }

    /// Runs until dropped, or until every handle is gone. Dropping it is safe at any time: what was not yet committed is
    /// undone by its participants' drops, what was stays in force.
    pub async fn run(self) {
        self.engine.run().await;
    }
}
