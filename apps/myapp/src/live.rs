//! The configuration of the running process: the participants in a change, and the consumers of its events.

mod cache;
mod database;
mod lines;
mod metrics;
mod recorder;
mod refusals;
mod wiring;

use std::sync::Arc;

use chassis::telemetry::{LIFECYCLE, Telemetry};
use live_config::{Driver, Event, Live, Participant, Timing};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::cache::Cache;
use crate::configuration::Configuration;
use crate::feed::Feed;
use crate::settings::Settings;
use crate::store::Store;

use cache::CacheChange;
pub use cache::{CacheWiring, TokenAuth};
use database::DatabaseChange;
pub use database::DatabaseWiring;
pub(crate) use lines::warn_of_weak_key;
pub(crate) use metrics::register_metrics;
use recorder::Recorder;
pub use refusals::NotPermitted;
pub use wiring::Wiring;

/// Makes the configuration live: database and cache participate in each change that needs preparation, and the log follows its
/// level.
pub(crate) fn start(
    configuration: Configuration,
    telemetry: &Telemetry,
    wiring: Wiring,
    store: &Store,
    cache: Option<Cache>,
) -> (Live<Settings>, Driver<Settings>) {
    let Configuration { contract, sources, loaded } = configuration;
    let database = DatabaseChange { database: store.database().clone(), wiring: wiring.database };
    let cache = CacheChange { cache, wiring: wiring.cache };
    let participants: Vec<Arc<dyn Participant<Settings>>> = vec![Arc::new(database), Arc::new(cache)];
    let (live, driver) = Driver::new(contract, sources, loaded, participants, Timing::default());
    let telemetry = telemetry.clone();
    (live, driver.on_commit(move |snapshot| telemetry.set_level(snapshot.settings.log_level.0)))
}

/// Consumers of the configuration's events.
pub(crate) struct Consumers {
    feed: Feed,
    cache: Option<Cache>,
    recorder: Recorder,
}

impl Consumers {
    pub(crate) fn new(feed: Feed, cache: Option<Cache>, store: Store) -> Self {
        Self { feed, cache, recorder: Recorder::new(store) }
    }

    /// Passes each event to the log, the feed of this replica, the other replicas and the history, until every sender is dropped.
    pub(crate) async fn run(self, live: Live<Settings>, mut events: Receiver<Event<Settings>>) {
        loop {
            match events.recv().await {
                Ok(event) => self.consume(&event, live.status().generation),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(target: LIFECYCLE, missed, "events missed: log, feed and history lack them");
                    self.feed.skip(missed);
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn consume(&self, event: &Event<Settings>, generation: u64) {
        lines::log(event);
        let told = self.feed.add(event);
        self.cache.iter().for_each(|cache| cache.publish(&told));
        self.recorder.record(event, generation);
    }
}

/// Reloads the mounted directory on each SIGHUP, as most daemons do.
pub(crate) async fn reload_on_hangup(live: Live<Settings>) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        tracing::info!(target: LIFECYCLE, signal = "SIGHUP", "reload asked for");
        live.reload().await;
    }
}
