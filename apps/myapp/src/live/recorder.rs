//! The history of the settings: one record for each setting that changed, with the value before and after.
//!
//! Texts are of settings that are no secrets; secrets are fingerprints or marks. Nothing here holds a value.

use std::time::SystemTime;

use live_config::{Event, Snapshot, Text};

use crate::fingerprint::Fingerprints;
use crate::settings::Settings;
use crate::store::{Change, Outcome, Record, Store};

/// The one key that signs and fingerprints: its own values have marks only.
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

    /// Records `event`, which happened now; `generation` is in force.
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
        // Both values under the key that is in force after the event: one key makes them comparable.
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
            Event::Unknown(_) | Event::Restored => Vec::new(),
        }
    }

    /// The value of `key` in `snapshot`, as the history stores it while `in_force` is.
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
