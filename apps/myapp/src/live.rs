//! The settings while the process runs: what takes part in a change, and what is said and kept of it.

pub(crate) mod feed;
mod recorder;

use std::sync::Arc;

use chassis::telemetry::{LIFECYCLE, Level, Telemetry};
use live_config::{
    Changes, Committed, Driver, Event, Live, Participant, Prepared, Refusal, Snapshot, Step, Timing, Unknown,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

use crate::cache::{Cache, CacheChange};
use crate::configuration::Configuration;
use crate::fingerprint::is_weak;
use crate::settings::Settings;
use crate::store::Store;
use recorder::Recorder;

/// Makes the configuration live: the log follows its level, the store's database its address and credential, and the
/// history tells of each change, for as long as the returned task runs.
pub(crate) fn start(
    configuration: Configuration,
    telemetry: &Telemetry,
    store: &Store,
    cache: Option<Cache>,
) -> (Live<Settings>, Driver<Settings>, impl Future<Output = ()> + Send + use<>) {
    let Configuration { contract, sources, loaded } = configuration;
    let recorder = Arc::new(Recorder::new(store.clone()));
    let participants: Vec<Arc<dyn Participant<Settings>>> = vec![
        Arc::new(LogLevel(telemetry.clone())),
        Arc::new(store.database().clone()),
        Arc::new(CacheChange(cache)),
        Arc::<Recorder>::clone(&recorder),
    ];
    let (live, driver) = Driver::new(contract, sources, loaded, participants, Timing::default());
    recorder.begin_with(live.snapshot());
    let recording = recorder.run(live.clone(), live.events());
    (live, driver, recording)
}

/// Writes one line an event from now on: keys and reasons, never a value.
pub(crate) fn log_events(live: Live<Settings>) -> impl Future<Output = ()> + Send {
    let mut events = live.events();
    async move {
        loop {
            match events.recv().await {
                Ok(event) => log(&event, &live),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(target: LIFECYCLE, missed, "reload lines were missed");
                }
                Err(RecvError::Closed) => return,
            }
        }
    }
}

fn log(event: &Event, live: &Live<Settings>) {
    match event {
        Event::Committed { generation, changes } => {
            let keys = changes.keys().collect::<Vec<_>>().join(",");
            let snapshot = live.snapshot();
            let lag = snapshot.written.and_then(|written| snapshot.since().duration_since(written).ok());
            let lag_ms = lag.map(|lag| lag.as_secs_f64() * 1000.0);
            tracing::info!(target: LIFECYCLE, generation, keys, lag_ms, "configuration changed");
            if changes.contains("SECRET_KEY") {
                warn_of_weak_key(&snapshot.settings);
            }
        }
        Event::Rejected { reasons, retrying } => {
            let reasons = reasons.join("; ");
            tracing::error!(target: LIFECYCLE, reasons, retrying, "configuration rejected, the one before serves on");
        }
        Event::RolledBack { generation, reason, retrying } => {
            tracing::error!(target: LIFECYCLE, generation, reason, retrying, "configuration rolled back");
        }
        Event::Unknown(files) => {
            for Unknown { name, path, suggestion } in files {
                let (path, did_you_mean) = (path.display(), suggestion);
                tracing::warn!(target: LIFECYCLE, setting = name, %path, did_you_mean, "unknown setting ignored");
            }
        }
        Event::Restored => tracing::info!(target: LIFECYCLE, "the rejected configuration is gone"),
    }
}

/// Writes one line where `SECRET_KEY` can be guessed.
pub(crate) fn warn_of_weak_key(settings: &Settings) {
    if is_weak(&settings.secret_key) {
        tracing::warn!(
            target: LIFECYCLE,
            "SECRET_KEY can be guessed: cursors can be forged, and the history stores no fingerprints under it; set 32 or \
            more random characters, as `openssl rand -hex 32` prints them"
        );
    }
}

/// SIGHUP asks for a look at the mounted directory, as it does of most daemons.
pub(crate) async fn reload_on_hangup(live: Live<Settings>) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        tracing::info!(target: LIFECYCLE, signal = "SIGHUP", "reload asked for");
        live.reload().await;
    }
}

/// Sets the log's level with the settings.
struct LogLevel(Telemetry);

impl Participant<Settings> for LogLevel {
    fn name(&self) -> &'static str {
        "log"
    }

    fn prepare(
        &self,
        next: Arc<Snapshot<Settings>>,
        _: &Changes,
    ) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let change = LevelChange { telemetry: self.0.clone(), level: next.settings.log_level.0 };
        Box::pin(async { Ok(Box::new(change) as Box<dyn Prepared>) })
    }
}

/// Holds the level to set and, once that is done, the one to go back to.
struct LevelChange {
    telemetry: Telemetry,
    level: Level,
}

impl LevelChange {
    fn swap(&mut self) {
        let before = self.telemetry.levels().set;
        self.telemetry.set_level(self.level);
        self.level = before;
    }
}

impl Prepared for LevelChange {
    fn commit(mut self: Box<Self>) -> Box<dyn Committed> {
        self.swap();
        self
    }
}

impl Committed for LevelChange {
    fn roll_back(mut self: Box<Self>) {
        self.swap();
    }
}
