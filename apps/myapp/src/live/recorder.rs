//! The history of the settings: one record for each setting that changed, with the value before and after.
//!
//! Values of settings that are no secrets are recorded as text, secrets as fingerprints or marks. No value of a secret is stored
//! here.

use std::time::SystemTime;

use live_config::{Event, Snapshot, Text};

use crate::fingerprint::Fingerprints;
use crate::settings::Settings;
use crate::store::{Change, Outcome, Record, Store};

/// The key that signs and fingerprints: the history stores marks of its own values only.
const SECRET_KEY: &str = "SECRET_KEY";

/// Records each change of the configuration.
pub(super) struct Recorder {
    store: Store,
    fingerprints: Fingerprints,
}

impl Recorder {
    pub(super) fn new(store: Store) -> Self {
        Self { store, fingerprints: Fingerprints::new() }
    }

    /// Records `event`, which happened now, while `generation` is in force.
    pub(super) fn record(&self, event: &Event<Settings>, generation: u64) {
        let at = SystemTime::now();
        let changes = self.changes(at, event, generation);
        changes.into_iter().for_each(|change| self.store.record(Record::Change(change)));
    }

    fn changes(&self, at: SystemTime, event: &Event<Settings>, generation: u64) -> Vec<Change> {
        let change = |outcome, key: &str, [old, new]: [Option<String>; 2], reason| Change {
            at,
            generation,
            outcome,
            key: key.to_owned(),
            old,
            new,
            reason,
        };
        // Both values are fingerprinted under the key that is in force after the event: one key makes them comparable.
        let values =
            |key: &str, old, new: &Snapshot<Settings>| [self.shown(old, key, new), self.shown(new, key, new)];
        match event {
            Event::Committed { old, new, changes } => {
                let committed = |key| Change {
                    generation: new.generation,
                    ..change(Outcome::Committed, key, values(key, old, new), None)
                };
                changes.keys().map(committed).collect()
            }
            Event::Rejected { reasons, .. } => {
                let rejected = |reason: &live_config::Reason| {
                    let key = reason.setting.as_deref().unwrap_or_default();
                    change(Outcome::Rejected, key, [None, None], Some(reason.to_string()))
                };
                reasons.iter().map(rejected).collect()
            }
            Event::RolledBack { taken_back, in_force, changes, reason, .. } => {
                let rolled_back = |key| Change {
                    generation: in_force.generation,
                    ..change(
                        Outcome::RolledBack,
                        key,
                        values(key, taken_back, in_force),
                        Some(reason.to_string()),
                    )
                };
                changes.keys().map(rolled_back).collect()
            }
            Event::Pending { .. } | Event::Unknown(_) | Event::Restored => Vec::new(),
        }
    }

    /// Returns the value of `key` in `snapshot`, in the form that the history stores while `in_force` is in force.
    fn shown(
        &self,
        snapshot: &Snapshot<Settings>,
        key: &str,
        in_force: &Snapshot<Settings>,
    ) -> Option<String> {
        snapshot.values.get(key).map(|value| match &value.text {
            Text::Plain(text) => text.clone(),
            Text::Secret(secret) if key == SECRET_KEY => self.fingerprints.mark(secret),
            Text::Secret(secret) => self.fingerprints.of(&in_force.settings.secret_key, secret),
        })
    }
}
