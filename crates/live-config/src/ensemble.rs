//! All participants as one: ready together or not at all, and none can leave a change half done by panicking.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::participant::{Committed, Prepared};
use crate::participant::{Participant, Refusal, RefusalKind};
use crate::reason::Reason;
use crate::snapshot::{Changes, Snapshot};

type Named<P> = (&'static str, Box<P>);

/// Every reason why a configuration does not come into force, sorted, and whether a retry can help.
pub(crate) struct Refused {
    pub(crate) reasons: Vec<Reason>,
    pub(crate) kind: RefusalKind,
}

impl Refused {
    /// One permanent refusal is enough to make a retry futile. Where nothing is wrong, the longest wait counts.
    fn of(refusals: Vec<(&'static str, Refusal)>) -> Self {
        let rank = |kind: &RefusalKind| match *kind {
            RefusalKind::Deferred(by) => (0, by),
            RefusalKind::Transient => (1, Duration::ZERO),
            RefusalKind::Permanent => (2, Duration::ZERO),
        };
        let kind = refusals.iter().map(|(_, refusal)| refusal.kind).max_by_key(rank);
        let kind = kind.unwrap_or(RefusalKind::Transient);
        let mut reasons: Vec<_> = refusals.into_iter().map(|(name, refusal)| reason(name, refusal)).collect();
        reasons.sort();
        Self { reasons, kind }
    }
}

/// The objection of a participant to what is in force, and whether a retry can help.
pub(crate) struct Vetoed {
    pub(crate) reason: Reason,
    pub(crate) kind: RefusalKind,
}

/// Every participant is ready. Dropping this value undoes all preparations.
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
) -> Result<Ready, Refused> {
    let mut running = JoinSet::new();
    let (mut names, mut ready, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    for participant in participants {
        let name = participant.name();
        let Some(step) = caught(|| participant.prepare(Arc::clone(next), changes)) else {
            refusals.push((name, Refusal::transient("panicked while preparing")));
            continue;
        };
        let task = running.spawn(async move {
            let late = || Err(Refusal::transient(format!("not ready within {limit:?}")));
            (name, timeout(limit, step).await.unwrap_or_else(|_| late()))
        });
        names.push((task.id(), name));
    }
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok((name, Ok(prepared))) => ready.push((name, prepared)),
            Ok((name, Err(refusal))) => refusals.push((name, refusal)),
            Err(error) => {
                let name = names.iter().find(|(id, _)| *id == error.id()).map_or("?", |(_, name)| name);
                refusals.push((name, Refusal::transient("panicked while preparing")));
            }
        }
    }
    if refusals.is_empty() { Ok(Ready(ready)) } else { Err(Refused::of(refusals)) }
}

fn reason(participant: &'static str, Refusal { setting, message, .. }: Refusal) -> Reason {
    Reason { participant: Some(participant), setting: setting.map(str::to_owned), message }
}

impl Ready {
    /// Puts every part into force; nothing waits. Afterwards those who may object are watched.
    ///
    /// # Errors
    /// One panicked: those before it are taken back, those after it were never put into force.
    pub(crate) fn commit(self) -> Result<InForce, Refused> {
        let mut parts = Vec::new();
        for (name, part) in self.0 {
            match caught(|| part.commit()) {
                Some(part) => parts.push((name, part)),
                None => {
                    let failed = take_back(parts);
                    let message = format!("panicked while coming into force{failed}");
                    return Err(Refused::of(vec![(name, Refusal::transient(message))]));
                }
            }
        }
        let mut observers = JoinSet::new();
        for (name, part) in &mut parts {
            if let Some(observed) = caught(|| part.observe()).flatten() {
                let name = *name;
                observers.spawn(async move { observed.await.map_err(|refusal| (name, refusal)) });
            }
        }
        Ok(InForce { parts, observers })
    }
}

/// Every part is in force and can still be taken back.
pub(crate) struct InForce {
    parts: Vec<Named<dyn Committed>>,
    observers: JoinSet<Result<(), (&'static str, Refusal)>>,
}

impl InForce {
    /// Returns true if at least one participant observes.
    pub(crate) fn is_watched(&self) -> bool {
        !self.observers.is_empty()
    }

    /// The first refusal within `window`; `None` as soon as every participant knows that its part works.
    ///
    /// A participant that panics here cannot judge its generation, and counts as one without an objection.
    pub(crate) async fn objection(&mut self, window: Duration) -> Option<Vetoed> {
        let first = async {
            while let Some(ended) = self.observers.join_next().await {
                if let Ok(Err((name, refusal))) = ended {
                    let kind = refusal.kind;
                    return Some(Vetoed { reason: reason(name, refusal), kind });
                }
            }
            None
        };
        let refusal = timeout(window, first).await.unwrap_or(None);
        // No participant still looks at what is settled or taken back next.
        self.observers.shutdown().await;
        refusal
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

/// Runs `step`; returns `None` if it panics. The caller then drops or rolls back the object of the step.
fn caught<T>(step: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(step)).ok()
}
