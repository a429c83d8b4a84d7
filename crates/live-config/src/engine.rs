//! The transaction: `read -> validate -> diff -> prepare -> commit -> observe -> settle | roll back`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::live::Shared;
use crate::load::Read;
use crate::participant::{Committed, Prepared};
use crate::watch::Watcher;
use crate::{
    Apply, Changes, Contract, Event, Loaded, Participant, Refusal, Snapshot, Sources, Status, Timing,
};

pub(crate) struct Engine<S> {
    contract: Arc<Contract>,
    sources: Arc<Sources>,
    participants: Vec<Arc<dyn Participant<S>>>,
    timing: Timing,
    shared: Arc<Shared<S>>,
    watcher: Watcher,
    asked: mpsc::UnboundedReceiver<oneshot::Sender<Apply>>,
    /// What the snapshot in force was read from; nothing where that is not known.
    running: Option<[u8; 32]>,
    /// What was refused last, so that it is not refused again and again.
    refused: Option<[u8; 32]>,
    retry: Option<Retry>,
    generations: u64,
}

#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    delay: Duration,
}

/// Why the sources are looked at.
enum Cause {
    /// They may have changed.
    Look,
    /// A preparation is due again.
    Retry,
    /// Someone wants to know.
    Asked(Vec<oneshot::Sender<Apply>>),
}

impl<S: DeserializeOwned + Send + Sync + 'static> Engine<S> {
    pub(crate) fn new(
        contract: Contract,
        sources: Sources,
        participants: Vec<Arc<dyn Participant<S>>>,
        timing: Timing,
        shared: Arc<Shared<S>>,
        watcher: Watcher,
        asked: mpsc::UnboundedReceiver<oneshot::Sender<Apply>>,
    ) -> Self {
        Self {
            contract: Arc::new(contract),
            sources: Arc::new(sources),
            participants,
            timing,
            shared,
            watcher,
            asked,
            running: None,
            refused: None,
            retry: None,
            generations: 1,
        }
    }

    pub(crate) async fn run(mut self) {
        while let Some(cause) = self.next_cause().await {
            let read = self.read().await;
            let insist = matches!(cause, Cause::Retry | Cause::Asked(_));
            let committed = match read {
                Some(read) => self.consider(read, insist).await,
                None => None,
            };
            if let Cause::Asked(askers) = cause {
                let apply = self.shared.status.borrow().apply.clone();
                // Whoever no longer waits does not want to know.
                askers.into_iter().for_each(|asker| drop(asker.send(apply.clone())));
            }
            if let Some(committed) = committed {
                self.observe(committed).await;
            }
        }
    }

    /// Waits for a reason to look; `None` when every handle is gone.
    async fn next_cause(&mut self) -> Option<Cause> {
        let retry = self.retry.map(|retry| retry.at);
        let due = async {
            match retry {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let poll = async {
            if self.watcher.can_change() {
                sleep(self.timing.poll).await
            } else {
                std::future::pending().await
            }
        };
        tokio::select! {
            asker = self.asked.recv() => {
                let mut askers = vec![asker?];
                while let Ok(asker) = self.asked.try_recv() {
                    askers.push(asker);
                }
                Some(Cause::Asked(askers))
            }
            () = due => Some(Cause::Retry),
            () = self.watcher.hint() => {
                sleep(self.timing.debounce).await;
                Some(Cause::Look)
            }
            () = poll => Some(Cause::Look),
        }
    }

    /// `None` only when the runtime is shutting down.
    async fn read(&mut self) -> Option<Read<S>> {
        let (contract, sources) = (Arc::clone(&self.contract), Arc::clone(&self.sources));
        // Before the look, so that a change after it is noticed.
        self.watcher.watch();
        let watching = self.watcher.state();
        self.publish_quietly(|status| status.watching = watching);
        tokio::task::spawn_blocking(move || Read::of(&contract, &sources)).await.ok()
    }

    /// Brings what was read into force, or says why not.
    async fn consider(&mut self, read: Read<S>, insist: bool) -> Option<InForce<S>> {
        self.publish_quietly(|status| status.found = read.sums);
        if self.running == Some(read.content) {
            self.nothing_new();
            return None;
        }
        if self.refused == Some(read.content) && !insist {
            return None;
        }
        match read.outcome {
            Err(problems) => {
                self.retry = None;
                let reasons = problems.0.iter().map(ToString::to_string).collect();
                self.reject(read.content, reasons);
                None
            }
            Ok(loaded) => self.apply(read.content, loaded).await,
        }
    }

    /// What is mounted is what is in force; if something else was refused in between, it is gone.
    fn nothing_new(&mut self) {
        self.refused = None;
        self.retry = None;
        if self.shared.status.borrow().apply != Apply::Converged {
            self.publish(Apply::Converged);
            self.tell(Event::Restored);
        }
    }

    async fn apply(&mut self, content: [u8; 32], loaded: Loaded<S>) -> Option<InForce<S>> {
        let old = self.shared.snapshot.load_full();
        let changes = Changes::between(&self.contract, &old, &loaded);
        let first_look = self.running.is_none() && changes.is_empty() && loaded.sums == old.sums;
        if first_look {
            self.running = Some(content);
            self.nothing_new();
            return None;
        }
        self.publish(Apply::Applying);
        let next = Arc::new(Snapshot::new(self.generations + 1, loaded));
        match self.prepare(&next, &changes).await {
            Ok(prepared) => Some(self.commit(content, old, next, changes, prepared)),
            Err(reasons) => {
                self.schedule_retry(content);
                self.reject(content, reasons);
                None
            }
        }
    }

    /// All participants at once, under one deadline. Either all are ready, or what is ready is dropped.
    async fn prepare(
        &self,
        next: &Arc<Snapshot<S>>,
        changes: &Changes,
    ) -> Result<Vec<(&'static str, Box<dyn Prepared>)>, Vec<String>> {
        let mut running = JoinSet::new();
        for participant in &self.participants {
            let (name, limit) = (participant.name(), self.timing.prepare);
            let step = participant.prepare(Arc::clone(next), changes);
            running.spawn(async move {
                let late = || Err(Refusal(format!("not ready within {limit:?}")));
                (name, timeout(limit, step).await.unwrap_or_else(|_| late()))
            });
        }
        let (mut ready, mut reasons) = (Vec::new(), Vec::new());
        while let Some(ended) = running.join_next().await {
            match ended {
                Ok((name, Ok(prepared))) => ready.push((name, prepared)),
                Ok((name, Err(refusal))) => reasons.push(format!("{name}: {refusal}")),
                // The panic's text might hold a value.
                Err(_) => reasons.push("a participant panicked while preparing".into()),
            }
        }
        reasons.sort();
        if reasons.is_empty() { Ok(ready) } else { Err(reasons) }
    }

    /// From here on nothing can fail and nothing waits: requests see the old generation or the new one.
    fn commit(
        &mut self,
        content: [u8; 32],
        old: Arc<Snapshot<S>>,
        next: Arc<Snapshot<S>>,
        changes: Changes,
        prepared: Vec<(&'static str, Box<dyn Prepared>)>,
    ) -> InForce<S> {
        let parts = prepared.into_iter().map(|(name, part)| (name, part.commit())).collect();
        self.shared.snapshot.store(Arc::clone(&next));
        let before = self.running.replace(content);
        self.refused = None;
        self.retry = None;
        self.generations = next.generation;
        self.in_force(&next);
        self.tell(Event::Committed { generation: next.generation, changes });
        InForce { content, before, old, parts }
    }

    /// Gives the participants a while to find out that it does not hold.
    async fn observe(&mut self, mut in_force: InForce<S>) {
        match timeout(self.timing.observe, first_veto(&mut in_force.parts)).await {
            Ok(None) | Err(_) => {
                in_force.parts.into_iter().for_each(|(_, part)| part.settle());
                self.publish_quietly(|status| status.reloads.committed += 1);
                self.publish(Apply::Converged);
            }
            Ok(Some(reason)) => self.roll_back(in_force, reason),
        }
    }

    fn roll_back(&mut self, in_force: InForce<S>, reason: String) {
        let InForce { content, before, old, parts } = in_force;
        parts.into_iter().rev().for_each(|(_, part)| part.roll_back());
        self.shared.snapshot.store(Arc::clone(&old));
        self.running = before;
        self.refused = Some(content);
        self.in_force(&old);
        self.publish_quietly(|status| status.reloads.rolled_back += 1);
        self.publish(Apply::RolledBack { reason: reason.clone() });
        self.tell(Event::RolledBack { generation: old.generation, reason });
    }

    fn reject(&mut self, content: [u8; 32], reasons: Vec<String>) {
        let retrying = self.retry.is_some();
        let again = self.refused.replace(content) == Some(content);
        let rejected = Apply::Rejected { reasons: reasons.clone(), retrying };
        self.publish_quietly(|status| status.reloads.rejected += 1);
        if !again || self.shared.status.borrow().apply != rejected {
            self.publish(rejected);
            self.tell(Event::Rejected { reasons, retrying });
        }
    }

    fn schedule_retry(&mut self, content: [u8; 32]) {
        let same = self.refused == Some(content);
        let delay = match self.retry {
            Some(last) if same => (last.delay * 2).min(self.timing.retry_longest),
            _ => self.timing.retry_first,
        };
        self.retry = Some(Retry { at: Instant::now() + delay, delay });
    }

    fn in_force(&self, snapshot: &Snapshot<S>) {
        self.publish_quietly(|status| {
            status.generation = snapshot.generation;
            status.in_force_since = snapshot.since;
            status.pinned = snapshot.pinned().map(str::to_owned).collect();
        });
    }

    fn publish(&self, apply: Apply) {
        self.publish_quietly(|status| {
            status.apply = apply;
            status.apply_since = SystemTime::now();
        });
    }

    fn publish_quietly(&self, change: impl FnOnce(&mut Status)) {
        self.shared.status.send_modify(change);
    }

    fn tell(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.shared.events.send(event);
    }
}

/// A generation in its observe window.
struct InForce<S> {
    content: [u8; 32],
    before: Option<[u8; 32]>,
    old: Arc<Snapshot<S>>,
    parts: Vec<(&'static str, Box<dyn Committed>)>,
}

/// The first reason why it does not hold; `None` as soon as nobody is left who could object.
async fn first_veto(parts: &mut [(&'static str, Box<dyn Committed>)]) -> Option<String> {
    let mut vetoes = JoinSet::new();
    for (name, part) in parts {
        if let Some(veto) = part.veto() {
            let name = *name;
            vetoes.spawn(async move { format!("{name}: {}", veto.await) });
        }
    }
    while let Some(ended) = vetoes.join_next().await {
        // A participant that panics cannot say whether it holds, and is taken not to object.
        if let Ok(reason) = ended {
            return Some(reason);
        }
    }
    None
}
