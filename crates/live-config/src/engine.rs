//! The transaction: `read -> validate -> diff -> prepare -> commit -> observe -> settle | roll back`.
//!
//! One task does one thing at a time. What happens meanwhile is folded: a hint and a question each leave one more look
//! to be taken afterwards. Dropping the task is safe at each await: before the commit nothing has been changed, after it
//! the new generation is in force, as if the observe window had ended.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::ensemble::{self, InForce, Ready};
use crate::live::Shared;
use crate::load::Read;
use crate::watch::Watcher;
use crate::{Apply, Changes, Contract, Event, Loaded, Participant, Snapshot, Sources, Status, Timing};

pub(crate) struct Engine<S> {
    contract: Arc<Contract>,
    sources: Arc<Sources>,
    participants: Vec<Arc<dyn Participant<S>>>,
    timing: Timing,
    shared: Arc<Shared<S>>,
    /// Away only while a look is taken.
    watcher: Option<Watcher>,
    hints: Arc<Notify>,
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

/// A generation in its observe window.
struct Window<S> {
    content: [u8; 32],
    before: Option<[u8; 32]>,
    old: Arc<Snapshot<S>>,
    parts: InForce,
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
            hints: watcher.hints(),
            watcher: Some(watcher),
            asked,
            running: None,
            refused: None,
            retry: None,
            generations: 1,
        }
    }

    pub(crate) async fn run(mut self) {
        // A change between the first read and the watch would otherwise wait for a poll.
        let mut cause = Cause::Look;
        while let Some(read) = self.read().await {
            let window = self.consider(read, &cause).await;
            if let Cause::Asked(askers) = cause {
                let apply = self.shared.status.borrow().apply.clone();
                // Whoever no longer waits does not want to know.
                askers.into_iter().for_each(|asker| drop(asker.send(apply.clone())));
            }
            if let Some(window) = window {
                self.observe(window).await;
            }
            match self.next_cause().await {
                Some(next) => cause = next,
                None => return,
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
            match self.sources.mounted() {
                Some(_) => sleep(self.timing.poll).await,
                None => std::future::pending().await,
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
            () = self.hints.notified() => {
                sleep(self.timing.debounce).await;
                // Hints that came meanwhile are answered by the same look.
                let _ = timeout(Duration::ZERO, self.hints.notified()).await;
                Some(Cause::Look)
            }
            () = poll => Some(Cause::Look),
        }
    }

    /// On a thread that may block, since the file system may. `None` only when the runtime is shutting down.
    async fn read(&mut self) -> Option<Read<S>> {
        let (contract, sources) = (Arc::clone(&self.contract), Arc::clone(&self.sources));
        let mut watcher = self.watcher.take()?;
        let look = move || {
            // Before the read, so that a change after it is noticed.
            watcher.watch();
            (Read::of(&contract, &sources), watcher)
        };
        let (read, watcher) = tokio::task::spawn_blocking(look).await.ok()?;
        let watching = watcher.state();
        self.watcher = Some(watcher);
        self.shared.status.send_if_modified(|status| {
            let is_new = status.watching != watching || status.found != read.sums;
            status.watching = watching;
            status.found = read.sums.clone();
            is_new
        });
        Some(read)
    }

    /// Brings what was read into force, or says why not.
    async fn consider(&mut self, read: Read<S>, cause: &Cause) -> Option<Window<S>> {
        if self.running == Some(read.content) {
            self.nothing_new();
            return None;
        }
        let was_refused = self.refused == Some(read.content);
        if was_refused && matches!(cause, Cause::Look) {
            return None;
        }
        match read.outcome {
            Err(problems) => {
                self.retry = None;
                let reasons = problems.0.iter().map(ToString::to_string).collect();
                self.reject(read.content, reasons);
                None
            }
            Ok(loaded) => {
                let is_retry = was_refused && matches!(cause, Cause::Retry);
                self.apply(read.content, loaded, is_retry).await
            }
        }
    }

    /// What is mounted is what is in force; if something else was refused in between, it is gone.
    fn nothing_new(&mut self) {
        self.refused = None;
        self.retry = None;
        if self.shared.status.borrow().apply != Apply::Converged {
            self.publish(Apply::Converged, |_| {});
            self.tell(Event::Restored);
        }
    }

    async fn apply(&mut self, content: [u8; 32], loaded: Loaded<S>, is_retry: bool) -> Option<Window<S>> {
        let old = self.shared.snapshot.load_full();
        let changes = Changes::between(&self.contract, &old, &loaded);
        let is_in_force = self.running.is_none() && changes.is_empty() && loaded.sums == old.sums;
        if is_in_force {
            self.running = Some(content);
            self.nothing_new();
            return None;
        }
        // What was refused stays so until it succeeds: since when it has been is worth more than each try.
        if self.refused != Some(content) {
            self.publish(Apply::Applying, |_| {});
        }
        let next = Arc::new(Snapshot::new(self.generations + 1, loaded));
        let ready = if changes.is_empty() {
            Ok(Ready::nothing())
        } else {
            ensemble::prepare(&self.participants, &next, &changes, self.timing.prepare).await
        };
        match ready {
            Ok(ready) => self.commit(content, &next, changes, ready),
            Err(reasons) => {
                self.schedule_retry(is_retry);
                self.reject(content, reasons);
                None
            }
        }
    }

    /// Nothing waits here: requests see the old generation or the new one.
    fn commit(
        &mut self,
        content: [u8; 32],
        next: &Arc<Snapshot<S>>,
        changes: Changes,
        ready: Ready,
    ) -> Option<Window<S>> {
        self.retry = None;
        let parts = match ready.commit() {
            Ok(parts) => parts,
            Err(reason) => {
                self.reject(content, vec![reason]);
                return None;
            }
        };
        next.comes_into_force();
        let old = self.shared.snapshot.swap(Arc::clone(next));
        let before = self.running.replace(content);
        self.refused = None;
        self.generations = next.generation;
        let window = if parts.is_watched() {
            self.publish(Apply::Applying, |status| in_force(status, next));
            Some(Window { content, before, old, parts })
        } else {
            self.settle(parts, |status| in_force(status, next));
            None
        };
        self.tell(Event::Committed { generation: next.generation, changes });
        window
    }

    /// Gives the participants a while to find out that it does not hold.
    async fn observe(&mut self, mut window: Window<S>) {
        match window.parts.veto(self.timing.observe).await {
            Some(reason) => self.roll_back(window, reason),
            None => self.settle(window.parts, |_| {}),
        }
    }

    fn settle(&self, parts: InForce, also: impl FnOnce(&mut Status)) {
        parts.settle();
        self.publish(Apply::Converged, |status| {
            status.reloads.committed += 1;
            also(status);
        });
    }

    fn roll_back(&mut self, window: Window<S>, mut reason: String) {
        let Window { content, before, old, parts } = window;
        reason.push_str(&parts.roll_back());
        self.shared.snapshot.store(Arc::clone(&old));
        self.running = before;
        self.refused = Some(content);
        self.publish(Apply::RolledBack { reason: reason.clone() }, |status| {
            status.reloads.rolled_back += 1;
            in_force(status, &old);
        });
        self.tell(Event::RolledBack { generation: old.generation, reason });
    }

    /// Counts each refusal, and tells of it unless the same was said already.
    fn reject(&mut self, content: [u8; 32], reasons: Vec<String>) {
        let retrying = self.retry.is_some();
        let was_refused = self.refused.replace(content) == Some(content);
        let rejected = Apply::Rejected { reasons: reasons.clone(), retrying };
        let count = |status: &mut Status| status.reloads.rejected += 1;
        if was_refused && self.shared.status.borrow().apply == rejected {
            self.shared.status.send_modify(count);
        } else {
            self.publish(rejected, count);
            self.tell(Event::Rejected { reasons, retrying });
        }
    }

    /// Longer each time it fails by itself; someone who asks does not make it longer.
    fn schedule_retry(&mut self, is_retry: bool) {
        let delay = match self.retry {
            Some(last) if is_retry => (last.delay * 2).min(self.timing.retry_longest),
            _ => self.timing.retry_first,
        };
        self.retry = Some(Retry { at: Instant::now() + delay, delay });
    }

    /// One change of the status: whoever watches it sees all of a step or nothing.
    fn publish(&self, apply: Apply, also: impl FnOnce(&mut Status)) {
        self.shared.status.send_modify(|status| {
            status.apply = apply;
            status.apply_since = SystemTime::now();
            also(status);
        });
    }

    fn tell(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.shared.events.send(event);
    }
}

fn in_force<S: DeserializeOwned>(status: &mut Status, snapshot: &Snapshot<S>) {
    status.generation = snapshot.generation;
    status.in_force_since = snapshot.since();
    status.pinned = snapshot.pinned().map(str::to_owned).collect();
}
