//! The history of the settings: what changed from what to what, one record a setting.
//!
//! An event names keys only, so what is to be recorded of a change is put into words while it is prepared. Beyond the snapshot
//! in force and, until a change has settled, the one before it, nothing here holds a value: texts are of settings that are
//! no secrets, and secrets are fingerprints or marks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use live_config::{Changes, Committed, Event, Live, Participant, Prepared, Refusal, Snapshot, Step, Text};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::fingerprint::Fingerprints;
use crate::settings::Settings;
use crate::store::{Change, Outcome, Record, Store};

/// The one key that signs and fingerprints: its own values have marks only.
const SECRET_KEY: &str = "SECRET_KEY";

type Shared = Arc<Snapshot<Settings>>;

/// Records each change of the configuration.
pub(crate) struct Recorder {
    store: Store,
    fingerprints: Fingerprints,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    /// The snapshot in force.
    current: Option<Shared>,
    /// Changes by the generation they lead to: those that came into force or are about to.
    changes: BTreeMap<u64, Vec<Words>>,
}

/// A change of one setting, as the history stores it.
struct Words {
    key: String,
    /// Value before and after it came into force.
    forth: [Option<String>; 2],
    /// Value before and after it was rolled back.
    back: [Option<String>; 2],
}

impl Recorder {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, fingerprints: Fingerprints::new(), held: Arc::default() }
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
        let change = |generation, outcome, key: &str, [old, new]: [Option<String>; 2], reason| Change {
            at,
            generation,
            outcome,
            key: key.to_owned(),
            old,
            new,
            reason,
        };
        match event {
            Event::Committed { generation, .. } => {
                let mut held = lock(&self.held);
                held.changes.retain(|at, _| *at >= generation);
                let words = held.changes.get(&generation).into_iter().flatten();
                let committed = |words: &Words| {
                    change(generation, Outcome::Committed, &words.key, words.forth.clone(), None)
                };
                words.map(committed).collect()
            }
            Event::Rejected { reasons, .. } => {
                let rejected = |reason: String| {
                    let key = key_of(&reason).unwrap_or_default().to_owned();
                    change(in_force, Outcome::Rejected, &key, [None, None], Some(reason))
                };
                reasons.into_iter().map(rejected).collect()
            }
            Event::RolledBack { generation, reason, .. } => {
                let held = lock(&self.held);
                // It stays for the next try, which has the same number.
                let taken_back = held.changes.range(generation + 1..).next();
                let words = taken_back.into_iter().flat_map(|(_, words)| words);
                let rolled_back = |words: &Words| {
                    let (outcome, reason) = (Outcome::RolledBack, Some(reason.clone()));
                    change(generation, outcome, &words.key, words.back.clone(), reason)
                };
                words.map(rolled_back).collect()
            }
            Event::Unknown(_) | Event::Restored => Vec::new(),
        }
    }

    /// What the first change is recorded against.
    pub(crate) fn begin_with(&self, snapshot: Shared) {
        lock(&self.held).current = Some(snapshot);
    }

    /// Each value under the key that is in force once the change is: the new one when it comes, the old one when it goes.
    fn words(&self, old: &Shared, next: &Shared, key: &str) -> Words {
        Words {
            key: key.to_owned(),
            forth: [self.shown(old, key, next), self.shown(next, key, next)],
            back: [self.shown(next, key, old), self.shown(old, key, old)],
        }
    }

    /// The value of `key` in `snapshot`, as the history stores it while `in_force` is.
    fn shown(&self, snapshot: &Shared, key: &str, in_force: &Shared) -> Option<String> {
        snapshot.values.get(key).map(|value| match &value.text {
            Text::Plain(text) => text.clone(),
            Text::Secret(secret) if key == SECRET_KEY => self.fingerprints.mark(secret),
            Text::Secret(secret) => self.fingerprints.of(&in_force.settings.secret_key, secret),
        })
    }
}

/// Each change is one assignment, insertion or removal, so that it is whole even where a holder panicked.
fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Participant<Settings> for Recorder {
    fn name(&self) -> &'static str {
        "history"
    }

    /// A later try takes the place of one that came to nothing.
    fn prepare(&self, next: Shared, changes: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let current = lock(&self.held).current.clone();
        if let Some(old) = current {
            let words = changes.keys().map(|key| self.words(&old, &next, key)).collect();
            lock(&self.held).changes.insert(next.generation, words);
        }
        let noted = Noted { held: Arc::clone(&self.held), other: Some(next) };
        Box::pin(async { Ok(Box::new(noted) as Box<dyn Prepared>) })
    }
}

/// Holds the snapshot to come or, once it is in force, the one before it until the change has settled.
struct Noted {
    held: Arc<Mutex<Held>>,
    other: Option<Shared>,
}

impl Noted {
    fn swap(&mut self) {
        std::mem::swap(&mut self.other, &mut lock(&self.held).current);
    }
}

impl Prepared for Noted {
    fn commit(mut self: Box<Self>) -> Box<dyn Committed> {
        self.swap();
        self
    }
}

impl Committed for Noted {
    fn roll_back(mut self: Box<Self>) {
        self.swap();
    }
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
        assert_eq!(key_of("LOG_LEVEL: must be trace"), Some("LOG_LEVEL"));
        assert_eq!(key_of("database: DB_PASSWORD: the database refuses it (28P01)"), Some("DB_PASSWORD"));
        assert_eq!(key_of("database: not ready within 10s"), None);
    }
}
