//! The history of the settings: what changed from what to what, one record a setting.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use live_config::{
    Changes, Committed, Event, Live, Participant, Prepared, Refusal, Secret, Snapshot, Step, Text,
};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::fingerprint::fingerprint;
use crate::settings::Settings;
use crate::store::{Change, Outcome, Record, Store};

type Shared = Arc<Snapshot<Settings>>;

/// Keeps the snapshots that events tell of, since an event names keys only.
pub(crate) struct Recorder {
    store: Store,
    /// By generation: the one in force, and those that were or are about to be.
    snapshots: Mutex<BTreeMap<u64, Shared>>,
}

impl Recorder {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, snapshots: Mutex::default() }
    }

    /// Records what `events` tell, from the configuration in force now on.
    pub(crate) async fn run(self: Arc<Self>, live: Live<Settings>, mut events: Receiver<Event>) {
        loop {
            match events.recv().await {
                Ok(event) => {
                    let at = SystemTime::now();
                    let changes = self.changes(at, event, live.status().generation);
                    changes.into_iter().for_each(|change| self.store.record(Record::Change(change)));
                }
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "changes are missing from the history");
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn changes(&self, at: SystemTime, event: Event, in_force: u64) -> Vec<Change> {
        match event {
            Event::Committed { generation, changes } => {
                let Some((old, new)) = self.committed(generation) else { return Vec::new() };
                let change = |key: &str| Change {
                    at,
                    generation,
                    outcome: Outcome::Committed,
                    key: key.to_owned(),
                    old: shown(&old, key, &new.settings.secret_key),
                    new: shown(&new, key, &new.settings.secret_key),
                    reason: None,
                };
                changes.keys().map(change).collect()
            }
            Event::Rejected { reasons, retrying: _ } => {
                let change = |reason: String| Change {
                    at,
                    generation: in_force,
                    outcome: Outcome::Rejected,
                    key: key_of(&reason).unwrap_or_default().to_owned(),
                    old: None,
                    new: None,
                    reason: Some(reason),
                };
                reasons.into_iter().map(change).collect()
            }
            Event::RolledBack { generation, reason, retrying: _ } => {
                let taken_back = self.taken_back(generation);
                let change = |(key, old, new): (String, _, _)| Change {
                    at,
                    generation,
                    outcome: Outcome::RolledBack,
                    key,
                    old,
                    new,
                    reason: Some(reason.clone()),
                };
                taken_back.into_iter().map(change).collect()
            }
            Event::Restored => Vec::new(),
        }
    }

    /// What was in force before `generation`, and what is now; older ones are forgotten.
    fn committed(&self, generation: u64) -> Option<(Shared, Shared)> {
        let mut snapshots = self.snapshots();
        let new = Arc::clone(snapshots.get(&generation)?);
        let (before, old) =
            snapshots.range(..generation).next_back().map(|(at, old)| (*at, Arc::clone(old)))?;
        snapshots.retain(|at, _| *at >= before);
        Some((old, new))
    }

    /// The keys that differ between what was taken back and what is in force again at `generation`, with both values.
    fn taken_back(&self, generation: u64) -> Vec<(String, Option<String>, Option<String>)> {
        let mut snapshots = self.snapshots();
        let taken = snapshots.range(generation + 1..).next().map(|(_, taken)| Arc::clone(taken));
        let again = snapshots.range(..=generation).next_back().map(|(_, again)| Arc::clone(again));
        let (Some(taken), Some(again)) = (taken, again) else { return Vec::new() };
        snapshots.retain(|at, _| *at <= generation);
        let secret_key = &again.settings.secret_key;
        let keys =
            taken.values.keys().chain(again.values.keys().filter(|key| !taken.values.contains_key(*key)));
        keys.map(|key| (key.clone(), shown(&taken, key, secret_key), shown(&again, key, secret_key)))
            .filter(|(_, taken, again)| taken != again)
            .collect()
    }

    /// Each change is one insertion or removal, so that the map is whole even where a holder panicked.
    fn snapshots(&self) -> MutexGuard<'_, BTreeMap<u64, Shared>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the first change is told against.
    pub(crate) fn begin_with(&self, snapshot: Shared) {
        self.snapshots().insert(snapshot.generation, snapshot);
    }
}

impl Participant<Settings> for Recorder {
    fn name(&self) -> &'static str {
        "history"
    }

    /// A later try takes the place of one that came to nothing.
    fn prepare(&self, next: Shared, _: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        self.snapshots().insert(next.generation, next);
        Box::pin(async { Ok(Box::new(Noted) as Box<dyn Prepared>) })
    }
}

/// Nothing more to do: what becomes of it comes as an event.
struct Noted;

impl Prepared for Noted {
    fn commit(self: Box<Self>) -> Box<dyn Committed> {
        self
    }
}

impl Committed for Noted {
    fn roll_back(self: Box<Self>) {}
}

/// A value as the history keeps it.
fn shown(snapshot: &Snapshot<Settings>, key: &str, secret_key: &Secret) -> Option<String> {
    snapshot.values.get(key).map(|value| match &value.text {
        Text::Plain(text) => text.clone(),
        Text::Secret(secret) => fingerprint(secret_key, secret.expose()),
    })
}

/// The setting that a reason names: as its first word, or after the name of a participant.
fn key_of(reason: &str) -> Option<&str> {
    let is_key = |word: &&str| word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    reason.split(": ").take(2).find(is_key)
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn a_reason_tells_the_setting_it_is_about() {
        assert_eq!(key_of("LOG_LEVEL: must be trace, not \"x\""), Some("LOG_LEVEL"));
        assert_eq!(key_of("database: DB_PASSWORD: the database refuses it (28P01)"), Some("DB_PASSWORD"));
        assert_eq!(key_of("database: not ready within 10s"), None);
    }
}
