use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::reason::Reason;
use crate::{Contract, Key, Loaded, OnChange};

/// A configuration in force: whole, valid and immutable. Its holder sees one generation.
pub struct Snapshot<S> {
    /// Counts the configurations that the process has run with, from 1. One that was rolled back is counted too.
    pub generation: u64,
    made: SystemTime,
    in_force: OnceLock<SystemTime>,
    loaded: Loaded<S>,
}

impl<S> Snapshot<S> {
    pub(crate) fn new(generation: u64, loaded: Loaded<S>) -> Self {
        Self { generation, made: SystemTime::now(), in_force: OnceLock::new(), loaded }
    }

    /// The same generation with the same values, from a new look at the sources.
    pub(crate) fn restated(&self, loaded: Loaded<S>) -> Self {
        Self { generation: self.generation, made: self.made, in_force: self.in_force.clone(), loaded }
    }

    pub(crate) fn comes_into_force(&self) {
        // Each does so once.
        let _ = self.in_force.set(SystemTime::now());
    }

    /// When it came into force; while it is still being prepared, when it was read.
    pub fn since(&self) -> SystemTime {
        self.in_force.get().copied().unwrap_or(self.made)
    }
}

impl<S> Deref for Snapshot<S> {
    type Target = Loaded<S>;

    fn deref(&self) -> &Loaded<S> {
        &self.loaded
    }
}

/// Keys whose values differ between two configurations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    keys: BTreeSet<String>,
}

impl Changes {
    pub(crate) fn between<S>(contract: &Contract, old: &Loaded<S>, new: &Loaded<S>) -> Self {
        // Compared in place: a copy of a secret would stay in memory after it is gone.
        let differs = |key: &&Key| {
            let (old, new) = (old.values.get(&key.name), new.values.get(&key.name));
            old.map(|value| value.text.expose()) != new.map(|value| value.text.expose())
        };
        Self { keys: contract.keys().iter().filter(differs).map(|key| key.name.clone()).collect() }
    }

    /// The contract's keys whose values differ.
    pub(crate) fn keys_of<'a>(&'a self, contract: &'a Contract) -> impl Iterator<Item = &'a Key> {
        contract.keys().iter().filter(|key| self.contains(&key.name))
    }

    /// A reason for each setting that only a restart brings into force.
    pub(crate) fn needing_restart(&self, contract: &Contract) -> Vec<Reason> {
        let reason = |key: &Key| Reason {
            participant: None,
            setting: Some(key.name.clone()),
            message: "a change needs a restart".into(),
        };
        self.keys_of(contract).filter(|key| key.on_change == OnChange::Restart).map(reason).collect()
    }

    /// The keys whose values differ, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }

    /// Returns true if the value of `key` differs.
    pub fn contains(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// Returns true if no value differs.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}
