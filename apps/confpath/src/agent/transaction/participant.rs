//! The service as the one participant in every change.

use std::io;
use std::sync::Arc;

use live_config::{Changes, Participant, Prepared, Refusal, Step};
use serde::de::IgnoredAny;

use crate::agent::hooks::{Notice, Secrets};
use crate::agent::settings::Settings;

use super::change::Change;
use super::delivery::Transaction;

/// The name of the service in reasons.
pub(crate) const NAME: &str = "service";

impl Participant<IgnoredAny> for Transaction {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(&self, next: Arc<Settings>, changes: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let transaction = self.clone();
        let changed: Vec<String> = changes.keys().map(str::to_owned).collect();
        let restarts = self.needs_restart(changes);
        Box::pin(async move {
            let turn = if restarts { Some(transaction.turns().take(&next).await?) } else { None };
            let old = transaction.present();
            let cannot_write = |error: io::Error| {
                let out = transaction.out().display();
                Refusal::transient(format!("{out} cannot be written: {error}"))
            };
            let (next, back) = transaction.materialise(next).await.map_err(cannot_write)?;
            let secrets = Secrets::of([Arc::clone(&old.settings), Arc::clone(&next.settings)]);
            let notice = Notice::of(&next.generation, &changed);
            transaction.hooks().prepare(&notice, &secrets).await?;
            // Last, and before the commit: CMD must not find what it does not run with while it still serves.
            let outage = match turn {
                Some(turn) => Some(transaction.drained(turn).await),
                None => None,
            };
            let change = Change { transaction, next, back, changed, outage, published: Ok(()) };
            Ok(Box::new(change) as Box<dyn Prepared>)
        })
    }
}
