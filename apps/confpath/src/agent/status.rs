//! State and digests of the agent's service: what the engine knows, and whether CMD has acknowledged it.

use fleet::Digests;
use live_config::{Apply, Live, State, Status};
use serde::de::IgnoredAny;

use crate::agent::readiness::Readiness;
use crate::agent::transaction::{NAME, Transaction};

/// Readable state of one agent. Clones are handles to the same one.
#[derive(Clone)]
pub(crate) struct AgentStatus {
    pub(crate) live: Live<IgnoredAny>,
    pub(crate) transaction: Transaction,
    pub(crate) readiness: Readiness,
}

impl AgentStatus {
    /// The digests now.
    pub(crate) async fn digests(&self) -> Digests {
        // Before readiness: whoever has published a claim of its own by now is seen by this replica before its next one.
        let restart = self.transaction.turns().claim();
        let ready = self.readiness.is_ready().await;
        let (status, snapshot) = (self.live.status(), self.live.snapshot());
        let is_acknowledged = self.transaction.is_acknowledged();
        let seal = snapshot.sums.mounted.clone();
        let configuration = Digests::of_configuration(&status, &snapshot);
        Digests {
            state: self.state_of(&status).as_str().into(),
            apply: if status.apply == Apply::Converged && !is_acknowledged {
                State::Delivered.as_str().into()
            } else {
                configuration.apply.clone()
            },
            running: is_acknowledged.then(|| seal.clone()),
            delivered: Some(seal),
            reasons: self.reasons(&status),
            ready,
            stopping: self.readiness.health().is_draining(),
            restart,
            ..configuration
        }
    }

    /// The reasons against the last configuration; the time that is left of a wait is that of now.
    fn reasons(&self, status: &Status) -> Vec<String> {
        let waits = matches!(status.apply, Apply::Pending { retrying: true, .. });
        let left = if waits { self.transaction.turns().reason() } else { None };
        match left {
            Some(left) => vec![format!("{NAME}: {left}")],
            None => status.apply.reasons().iter().map(ToString::to_string).collect(),
        }
    }

    /// The worst state that holds.
    pub(crate) fn state(&self) -> State {
        self.state_of(&self.live.status())
    }

    fn state_of(&self, status: &Status) -> State {
        let state = status.state();
        let is_unacknowledged = state == State::Converged && !self.transaction.is_acknowledged();
        if is_unacknowledged { State::Delivered } else { state }
    }
}
