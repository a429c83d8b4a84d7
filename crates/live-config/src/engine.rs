//! The transaction: `read -> validate -> diff -> prepare -> commit -> observe -> settle | roll back`.
//!
//! One task does one thing at a time. What happens meanwhile is folded: a hint and a question each leave one more look
//! to be taken afterwards. Dropping the task is safe at each await: before the commit nothing has been changed, after it
//! the new generation is in force, as if the observe window had ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use contract::{Contract, OnChange};
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{sleep, sleep_until, timeout};

use crate::ensemble::{self, InForce, Ready, Refused, Vetoed};
use crate::event::Event;
use crate::failures::{Attempt, Failures};
use crate::load::{Loaded, Read, Sources};
use crate::participant::{Participant, RefusalKind};
use crate::reason::Reason;
use crate::shared::Shared;
use crate::snapshot::{Changes, Snapshot};
use crate::status::{Apply, Status};
use crate::timing::Timing;
use crate::watch::Watcher;

/// A function called with each snapshot that comes into force.
pub(crate) type Hook<S> = Box<dyn Fn(&Snapshot<S>) + Send + Sync>;

pub(crate) struct Engine<S> {
    contract: Arc<Contract>,
    sources: Arc<Sources>,
    participants: Vec<Arc<dyn Participant<S>>>,
    hooks: Vec<Hook<S>>,
    timing: Timing,
    shared: Arc<Shared<S>>,
    /// Away only while a look is taken.
    watcher: Option<Watcher>,
    hints: Arc<Notify>,
    asked: mpsc::UnboundedReceiver<oneshot::Sender<Apply>>,
    /// Digest of the content that the last look found.
    looked_at: Option<[u8; 32]>,
    /// Digest of the content from which the snapshot in force was read; `None` if unknown.
    running: Option<[u8; 32]>,
    failures: Failures,
    generations: u64,
}

/// Cause of a look at the sources.
enum Cause {
    /// The sources may have changed.
    Look,
    /// A retry is due.
    Retry,
    /// Callers wait for the outcome.
    Asked(Vec<oneshot::Sender<Apply>>),
}

/// A generation in its observe window.
struct Window<S> {
    attempt: Attempt,
    before: Option<[u8; 32]>,
    old: Arc<Snapshot<S>>,
    new: Arc<Snapshot<S>>,
    changes: Changes,
    parts: InForce,
    /// Reported once the generation has held.
    unreported: Option<Event<S>>,
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
            hooks: Vec::new(),
            timing,
            shared,
            hints: watcher.hints(),
            watcher: Some(watcher),
            asked,
            looked_at: None,
            running: None,
            failures: Failures::default(),
            generations: 1,
        }
    }

    pub(crate) fn add_participant(&mut self, participant: Arc<dyn Participant<S>>) {
        self.participants.push(participant);
    }

    pub(crate) fn add_hook(&mut self, hook: Hook<S>) {
        self.hooks.push(hook);
    }

    pub(crate) async fn run(mut self) {
        // A change between the first read and the watch would otherwise wait for a poll.
        let mut cause = Cause::Look;
        while let Some(read) = self.read().await {
            self.report_unknown(&read);
            let window = self.consider(read, &cause).await;
            if let Cause::Asked(askers) = cause {
                let apply = self.shared.status.borrow().apply.clone();
                // A caller that no longer waits has dropped its receiver.
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
        let retry = self.failures.retry_at();
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

    /// Reports files of unknown names at the first look and at each that finds something else than the one before.
    fn report_unknown(&mut self, read: &Read<S>) {
        let is_new = self.looked_at.replace(read.content) != Some(read.content);
        if is_new && !read.unknown.is_empty() {
            self.send(Event::Unknown(read.unknown.clone()));
        }
    }

    /// Brings the read configuration into force, or publishes the reasons against it.
    async fn consider(&mut self, read: Read<S>, cause: &Cause) -> Option<Window<S>> {
        if self.running == Some(read.content) {
            self.nothing_new();
            return None;
        }
        let was_refused = self.failures.outcomes(read.content).is_some();
        if was_refused && matches!(cause, Cause::Look) {
            return None;
        }
        let is_retry = was_refused && matches!(cause, Cause::Retry);
        let attempt = Attempt { content: read.content, is_retry };
        match read.outcome {
            Err(problems) => {
                let reason = |problem| Reason::from_problem(problem, &self.contract);
                let reasons = problems.0.iter().map(reason).collect();
                self.reject(attempt, Refused { reasons, kind: RefusalKind::Permanent });
                None
            }
            Ok(loaded) => self.apply(attempt, loaded).await,
        }
    }

    /// The mounted content is already in force; a configuration that was refused in between was reverted at its source.
    fn nothing_new(&mut self) {
        self.failures.clear();
        if self.shared.status.borrow().apply != Apply::Converged {
            self.publish(Apply::Converged, |_| {});
            self.send(Event::Restored);
        }
    }

    /// No value has changed: the generation stays, with new metadata, such as the seal of another release.
    fn restate(&mut self, content: [u8; 32], old: &Snapshot<S>, loaded: Loaded<S>) {
        self.shared.snapshot.store(Arc::new(old.restated(loaded)));
        self.running = Some(content);
        self.nothing_new();
    }

    async fn apply(&mut self, attempt: Attempt, loaded: Loaded<S>) -> Option<Window<S>> {
        let old = self.shared.snapshot.load_full();
        let changes = Changes::between(&self.contract, &old, &loaded);
        if changes.is_empty() {
            self.restate(attempt.content, &old, loaded);
            return None;
        }
        let restarts = changes.needing_restart(&self.contract);
        if !restarts.is_empty() {
            self.put_off(attempt, Refused { reasons: restarts, kind: RefusalKind::Permanent });
            return None;
        }
        // What was refused stays so until it succeeds: since when it has been is worth more than each try.
        if self.failures.outcomes(attempt.content).is_none() {
            self.publish(Apply::Applying, |_| {});
        }
        // What was rolled back has its number already.
        let generation = self.generations + u64::from(!self.failures.was_rolled_back(attempt.content));
        let next = Arc::new(Snapshot::new(generation, loaded));
        let is_prepared = changes.keys_of(&self.contract).any(|key| key.on_change == OnChange::Prepare);
        let participants = if is_prepared { self.participants.as_slice() } else { &[] };
        match ensemble::prepare(participants, &next, &changes, self.timing.prepare).await {
            Ok(ready) => self.commit(attempt, &next, changes, ready),
            Err(refused) => {
                self.reject(attempt, refused);
                None
            }
        }
    }

    /// Nothing waits here: requests see the old generation or the new one.
    fn commit(
        &mut self,
        attempt: Attempt,
        next: &Arc<Snapshot<S>>,
        changes: Changes,
        ready: Ready,
    ) -> Option<Window<S>> {
        let parts = match ready.commit() {
            Ok(parts) => parts,
            Err(refused) => {
                self.reject(attempt, refused);
                return None;
            }
        };
        next.comes_into_force();
        let old = self.shared.snapshot.swap(Arc::clone(next));
        self.call_hooks(next);
        let before = self.running.replace(attempt.content);
        self.generations = next.generation;
        let committed =
            Event::Committed { old: Arc::clone(&old), new: Arc::clone(next), changes: changes.clone() };
        if !parts.is_watched() {
            self.settle(parts, |status| in_force(status, next));
            self.send(committed);
            return None;
        }
        let was_rolled_back = self.failures.was_rolled_back(attempt.content);
        if was_rolled_back && attempt.is_retry {
            self.shared.status.send_modify(|status| in_force(status, next));
        } else {
            self.publish(Apply::Applying, |status| in_force(status, next));
        }
        let unreported = if was_rolled_back {
            Some(committed)
        } else {
            self.send(committed);
            None
        };
        Some(Window { attempt, before, old, new: Arc::clone(next), changes, parts, unreported })
    }

    /// Gives the participants a while to find out that it does not hold.
    async fn observe(&mut self, mut window: Window<S>) {
        match window.parts.objection(self.timing.observe).await {
            Some(vetoed) => self.roll_back(window, vetoed),
            None => {
                self.settle(window.parts, |_| {});
                window.unreported.into_iter().for_each(|event| self.send(event));
            }
        }
    }

    fn settle(&mut self, parts: InForce, also: impl FnOnce(&mut Status)) {
        parts.settle();
        self.failures.clear();
        self.publish(Apply::Converged, |status| {
            status.reloads.committed += 1;
            also(status);
        });
    }

    fn roll_back(&mut self, window: Window<S>, Vetoed { mut reason, kind }: Vetoed) {
        let Window { attempt, before, old, new, changes, parts, unreported: _ } = window;
        reason.message.push_str(&parts.roll_back());
        self.shared.snapshot.store(Arc::clone(&old));
        self.call_hooks(&old);
        self.running = before;
        let retrying = self.failures.schedule_retry(attempt, &self.timing, kind);
        let apply = Apply::RolledBack { reason: reason.clone(), retrying };
        let in_force_again = Arc::clone(&old);
        let event =
            Event::RolledBack { taken_back: new, in_force: in_force_again, changes, reason, retrying };
        self.report(attempt, apply, event, |status| {
            status.reloads.rolled_back += 1;
            in_force(status, &old);
        });
    }

    /// A hook that panics changes nothing of what is in force.
    fn call_hooks(&self, snapshot: &Snapshot<S>) {
        for hook in &self.hooks {
            let _ = catch_unwind(AssertUnwindSafe(|| hook(snapshot)));
        }
    }

    fn reject(&mut self, attempt: Attempt, Refused { reasons, kind }: Refused) {
        if matches!(kind, RefusalKind::Deferred(_)) {
            return self.put_off(attempt, Refused { reasons, kind });
        }
        let retrying = self.failures.schedule_retry(attempt, &self.timing, kind);
        let apply = Apply::Rejected { reasons: reasons.clone(), retrying };
        let event = Event::Rejected { reasons, retrying };
        self.report(attempt, apply, event, |status| status.reloads.rejected += 1);
    }

    /// The configuration waits, for the next process or for its time. One that was rolled back stays so until it succeeds.
    fn put_off(&mut self, attempt: Attempt, Refused { reasons, kind }: Refused) {
        let retrying = self.failures.schedule_retry(attempt, &self.timing, kind);
        if self.failures.was_rolled_back(attempt.content) {
            return;
        }
        let n = u64::from(self.failures.outcomes(attempt.content).is_none());
        let apply = Apply::Pending { reasons: reasons.clone(), retrying };
        let event = Event::Pending { reasons, retrying };
        self.report(attempt, apply, event, |status| status.reloads.pending += n);
    }

    /// Publishes that a content is not in force, and sends the event unless the same outcome of that content was reported before.
    fn report(&mut self, attempt: Attempt, apply: Apply, event: Event<S>, also: impl FnOnce(&mut Status)) {
        let is_new = self.failures.is_new(attempt, &apply);
        if self.shared.status.borrow().apply == apply {
            self.shared.status.send_modify(also);
        } else {
            self.publish(apply, also);
        }
        if is_new {
            self.send(event);
        }
    }

    /// Publishes one change of the status, so that a watcher sees all of a step or nothing.
    fn publish(&self, apply: Apply, also: impl FnOnce(&mut Status)) {
        self.shared.status.send_modify(|status| {
            status.apply = apply;
            status.apply_since = SystemTime::now();
            also(status);
        });
    }

    fn send(&self, event: Event<S>) {
        // There may be no receiver.
        let _ = self.shared.events.send(event);
    }
}

fn in_force<S: DeserializeOwned>(status: &mut Status, snapshot: &Snapshot<S>) {
    status.generation = snapshot.generation;
    status.in_force_since = snapshot.since();
    status.pinned = snapshot.pinned().map(str::to_owned).collect();
}
