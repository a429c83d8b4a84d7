//! State and digests of the agent's service: what the engine knows, and whether CMD has acknowledged it.

use chassis::Health;
use fleet::Digests;
use live_config::{Apply, Live, State, Status};
use serde::de::IgnoredAny;

use crate::agent::transaction::Transaction;

/// Readable state of one agent. Clones are handles to the same one.
#[derive(Clone)]
pub(crate) struct AgentStatus {
    pub(crate) live: Live<IgnoredAny>,
    pub(crate) transaction: Transaction,
    pub(crate) health: Health,
}

impl AgentStatus {
    /// The digests now.
    pub(crate) fn digests(&self) -> Digests {
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
            ready: self.health.is_ready(),
            stopping: self.health.is_draining(),
            ..configuration
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
