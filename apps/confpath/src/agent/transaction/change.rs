//! One change that is prepared or in force and can still be taken back.

use std::io;

use chassis::telemetry::LIFECYCLE;
use live_config::{Committed, Prepared, Refusal, Step};

use super::delivery::{Outage, Present, Transaction};

pub(super) struct Change {
    pub(super) transaction: Transaction,
    pub(super) next: Present,
    /// Configuration in force before the change, with a digest of its own: an acknowledgement from before the change is none of it.
    pub(super) back: Present,
    pub(super) changed: Vec<String>,
    /// The outage that CMD needs to be started again in; `None` if it reads the change as it runs.
    pub(super) outage: Option<Outage>,
    pub(super) published: io::Result<()>,
}

impl Prepared for Change {
    fn commit(mut self: Box<Self>) -> Box<dyn Committed> {
        self.published = self.transaction.publish(&self.next);
        self
    }
}

impl Committed for Change {
    fn observe(&mut self) -> Option<Step<Result<(), Refusal>>> {
        let published = std::mem::replace(&mut self.published, Ok(()));
        let (transaction, next) = (self.transaction.clone(), self.next.clone());
        let (changed, restarts) = (self.changed.clone(), self.outage.is_some());
        let hooks = self.transaction.hooks();
        if published.is_ok() && !restarts && hooks.notify.is_none() && hooks.ack.is_none() {
            return None;
        }
        Some(Box::pin(async move {
            published.map_err(|error| Refusal::transient(format!("cannot be published: {error}")))?;
            let taken = if restarts {
                transaction.start_again(&next, &changed).await
            } else {
                transaction.hand_over(&next, &changed, false).await
            };
            taken.map_err(Refusal::transient)
        }))
    }

    fn settle(self: Box<Self>) {
        if let Some(outage) = self.outage {
            outage.turn.held();
        }
    }

    fn roll_back(self: Box<Self>) {
        let Self { transaction, back, changed, outage, .. } = *self;
        if let Some(outage) = &outage {
            outage.turn.failed();
        }
        match transaction.publish(&back) {
            Ok(()) => transaction.confirm(changed, outage, false),
            Err(error) => {
                tracing::error!(target: LIFECYCLE, %error, "configuration cannot be taken back");
            }
        }
    }
}
