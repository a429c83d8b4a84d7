//! All participants as one: ready together or not at all, and none can leave a change half done by panicking.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::participant::{Committed, Prepared};
use crate::{Changes, Participant, Refusal, Snapshot};

type Named<P> = (&'static str, Box<P>);

/// Every participant is ready. Dropped, it is as if none had been asked.
pub(crate) struct Ready(Vec<Named<dyn Prepared>>);

/// All at once, each under the same deadline. Where one is not ready, what the others made is dropped.
///
/// # Errors
/// Every reason, sorted. A panic is a reason without its text, which might hold a value.
pub(crate) async fn prepare<S: Send + Sync + 'static>(
    participants: &[Arc<dyn Participant<S>>],
    next: &Arc<Snapshot<S>>,
    changes: &Changes,
    limit: Duration,
) -> Result<Ready, Vec<String>> {
    let mut running = JoinSet::new();
    let (mut names, mut ready, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for participant in participants {
        let name = participant.name();
        let Some(step) = caught(|| participant.prepare(Arc::clone(next), changes)) else {
            reasons.push(format!("{name}: panicked while preparing"));
            continue;
        };
        let task = running.spawn(async move {
            let late = || Err(Refusal(format!("not ready within {limit:?}")));
            (name, timeout(limit, step).await.unwrap_or_else(|_| late()))
        });
        names.push((task.id(), name));
    }
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok((name, Ok(prepared))) => ready.push((name, prepared)),
            Ok((name, Err(refusal))) => reasons.push(format!("{name}: {refusal}")),
            Err(error) => {
                let name = names.iter().find(|(id, _)| *id == error.id()).map_or("?", |(_, name)| name);
                reasons.push(format!("{name}: panicked while preparing"));
            }
        }
    }
    reasons.sort();
    if reasons.is_empty() { Ok(Ready(ready)) } else { Err(reasons) }
}

impl Ready {
    /// Of no participants at all.
    pub(crate) fn nothing() -> Self {
        Self(Vec::new())
    }

    /// Puts every part into force; nothing waits. Afterwards those who may object are watched.
    ///
    /// # Errors
    /// One panicked: those before it are taken back, those after it were never put into force.
    pub(crate) fn commit(self) -> Result<InForce, String> {
        let mut parts = Vec::new();
        for (name, part) in self.0 {
            match caught(|| part.commit()) {
                Some(part) => parts.push((name, part)),
                None => {
                    let failed = take_back(parts);
                    return Err(format!("{name}: panicked while coming into force{failed}"));
                }
            }
        }
        let mut vetoes = JoinSet::new();
        for (name, part) in &mut parts {
            if let Some(veto) = caught(|| part.veto()).flatten() {
                let name = *name;
                vetoes.spawn(async move { format!("{name}: {}", veto.await) });
            }
        }
        Ok(InForce { parts, vetoes })
    }
}

/// Every part is in force and can still be taken back.
pub(crate) struct InForce {
    parts: Vec<Named<dyn Committed>>,
    vetoes: JoinSet<String>,
}

impl InForce {
    /// Whether anyone may object.
    pub(crate) fn is_watched(&self) -> bool {
        !self.vetoes.is_empty()
    }

    /// The first reason within `window` why it does not hold. It ends early once nobody is left who could object.
    ///
    /// A participant that panics here cannot say whether it holds, and is taken not to object.
    pub(crate) async fn veto(&mut self, window: Duration) -> Option<String> {
        let first = async {
            while let Some(ended) = self.vetoes.join_next().await {
                if let Ok(reason) = ended {
                    return Some(reason);
                }
            }
            None
        };
        let reason = timeout(window, first).await.unwrap_or(None);
        // No participant still looks at what is settled or taken back next.
        self.vetoes.shutdown().await;
        reason
    }

    /// It holds: what served before can go. A panic here changes nothing of that.
    pub(crate) fn settle(self) {
        for (_, part) in self.parts {
            caught(|| part.settle());
        }
    }

    /// Puts back what served before; returns what to add to the reason: who panicked doing so.
    pub(crate) fn roll_back(self) -> String {
        take_back(self.parts)
    }
}

/// In the reverse order, as a change may rest on one before it.
fn take_back(parts: Vec<Named<dyn Committed>>) -> String {
    let mut failed = String::new();
    for (name, part) in parts.into_iter().rev() {
        if caught(|| part.roll_back()).is_none() {
            failed.push_str(&format!("; {name}: panicked while it was taken back"));
        }
    }
    failed
}

/// What `step` returns; `None` when it panics. What it worked on is given up or taken back by the caller.
fn caught<T>(step: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(step)).ok()
}
