//! The service as the one participant in every change.

use std::io;
use std::sync::Arc;

use live_config::{Changes, Participant, Prepared, Refusal, Step};
use serde::de::IgnoredAny;

use crate::agent::hooks::{Notice, Secrets};

use super::change::Change;
use super::delivery::{Settings, Transaction};

impl Participant<IgnoredAny> for Transaction {
    fn name(&self) -> &'static str {
        "service"
    }

    fn prepare(&self, next: Arc<Settings>, changes: &Changes) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let transaction = self.clone();
        let changed: Vec<String> = changes.keys().map(str::to_owned).collect();
        let restarts = self.needs_restart(changes);
        Box::pin(async move {
            let old = transaction.present();
            let cannot_write = |error: io::Error| {
                let out = transaction.out().display();
                Refusal::transient(format!("{out} cannot be written: {error}"))
            };
            let (next, back) = transaction.materialise(next).await.map_err(cannot_write)?;
            let secrets = Secrets::of([Arc::clone(&old.settings), Arc::clone(&next.settings)]);
            let notice = Notice::of(&next.generation, &changed);
            transaction.hooks().prepare(&notice, &secrets).await?;
            let change = Change { transaction, next, back, changed, restarts, published: Ok(()) };
            Ok(Box::new(change) as Box<dyn Prepared>)
        })
    }
}
