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

use crate::ensemble::{self, InForce, Ready, Refused};
use crate::live::Shared;
use crate::load::Read;
use crate::watch::Watcher;
use crate::{
    Apply, Changes, Contract, Event, Loaded, Participant, Refusal, RefusalKind, Snapshot, Sources, Status,
    Timing,
};

/// Outcomes remembered of one content, so that a cause that comes and goes is reported once.
const MAX_REPORTED: usize = 16;

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
    /// Digest of the content that the last look found.
    looked_at: Option<[u8; 32]>,
    /// What the snapshot in force was read from; nothing where that is not known.
    running: Option<[u8; 32]>,
    /// What was refused or rolled back last, so that it is not refused again and again.
    failed: Option<Failed>,
    /// Survives an observe window, so that a veto after it doubles the delay.
    retry: Option<Retry>,
    generations: u64,
}

#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    delay: Duration,
}

/// A content that is not in force, and every outcome reported of it.
struct Failed {
    content: [u8; 32],
    reported: Vec<Apply>,
}

/// One try to bring a content into force.
#[derive(Clone, Copy)]
struct Attempt {
    content: [u8; 32],
    /// Whether a delay that ended is its only cause.
    is_retry: bool,
}

/// Why the sources are looked at.
enum Cause {
    /// They may have changed.
    Look,
    /// A retry is due.
    Retry,
    /// Someone wants to know.
    Asked(Vec<oneshot::Sender<Apply>>),
}

/// A generation in its observe window.
struct Window<S> {
    attempt: Attempt,
    before: Option<[u8; 32]>,
    old: Arc<Snapshot<S>>,
    parts: InForce,
    /// Reported once the generation has held.
    unreported: Option<Event>,
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
            looked_at: None,
            running: None,
            failed: None,
            retry: None,
            generations: 1,
        }
    }

    pub(crate) async fn run(mut self) {
        // A change between the first read and the watch would otherwise wait for a poll.
        let mut cause = Cause::Look;
        while let Some(read) = self.read().await {
            self.report_unknown(&read);
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

    /// Reports files of unknown names at the first look and at each that finds something else than the one before.
    fn report_unknown(&mut self, read: &Read<S>) {
        let is_new = self.looked_at.replace(read.content) != Some(read.content);
        if is_new && !read.unknown.is_empty() {
            self.tell(Event::Unknown(read.unknown.clone()));
        }
    }

    /// Brings what was read into force, or says why not.
    async fn consider(&mut self, read: Read<S>, cause: &Cause) -> Option<Window<S>> {
        if self.running == Some(read.content) {
            self.nothing_new();
            return None;
        }
        let was_refused = self.outcomes(read.content).is_some();
        if was_refused && matches!(cause, Cause::Look) {
            return None;
        }
        let is_retry = was_refused && matches!(cause, Cause::Retry);
        let attempt = Attempt { content: read.content, is_retry };
        match read.outcome {
            Err(problems) => {
                let reasons = problems.0.iter().map(ToString::to_string).collect();
                self.reject(attempt, Refused { reasons, kind: RefusalKind::Permanent });
                None
            }
            Ok(loaded) => self.apply(attempt, loaded).await,
        }
    }

    /// What is mounted is what is in force; if something else was refused in between, it is gone.
    fn nothing_new(&mut self) {
        self.failed = None;
        self.retry = None;
        if self.shared.status.borrow().apply != Apply::Converged {
            self.publish(Apply::Converged, |_| {});
            self.tell(Event::Restored);
        }
    }

    /// No value has changed: the generation stays, with what is now said of it, such as the seal of another release.
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
        // What was refused stays so until it succeeds: since when it has been is worth more than each try.
        if self.outcomes(attempt.content).is_none() {
            self.publish(Apply::Applying, |_| {});
        }
        // What was rolled back has its number already.
        let generation = self.generations + u64::from(!self.was_rolled_back(attempt.content));
        let next = Arc::new(Snapshot::new(generation, loaded));
        let ready = ensemble::prepare(&self.participants, &next, &changes, self.timing.prepare).await;
        match ready {
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
        let before = self.running.replace(attempt.content);
        self.generations = next.generation;
        let committed = Event::Committed { generation: next.generation, changes };
        if !parts.is_watched() {
            self.settle(parts, |status| in_force(status, next));
            self.tell(committed);
            return None;
        }
        let was_rolled_back = self.was_rolled_back(attempt.content);
        if was_rolled_back && attempt.is_retry {
            self.shared.status.send_modify(|status| in_force(status, next));
        } else {
            self.publish(Apply::Applying, |status| in_force(status, next));
        }
        let unreported = if was_rolled_back {
            Some(committed)
        } else {
            self.tell(committed);
            None
        };
        Some(Window { attempt, before, old, parts, unreported })
    }

    /// Gives the participants a while to find out that it does not hold.
    async fn observe(&mut self, mut window: Window<S>) {
        match window.parts.veto(self.timing.observe).await {
            Some(refusal) => self.roll_back(window, refusal),
            None => {
                self.settle(window.parts, |_| {});
                window.unreported.into_iter().for_each(|event| self.tell(event));
            }
        }
    }

    fn settle(&mut self, parts: InForce, also: impl FnOnce(&mut Status)) {
        parts.settle();
        self.failed = None;
        self.retry = None;
        self.publish(Apply::Converged, |status| {
            status.reloads.committed += 1;
            also(status);
        });
    }

    fn roll_back(&mut self, window: Window<S>, refusal: Refusal) {
        let Window { attempt, before, old, parts, unreported: _ } = window;
        let reason = refusal.message + &parts.roll_back();
        self.shared.snapshot.store(Arc::clone(&old));
        self.running = before;
        let retrying = self.schedule_retry(attempt, refusal.kind);
        let apply = Apply::RolledBack { reason: reason.clone(), retrying };
        let event = Event::RolledBack { generation: old.generation, reason, retrying };
        self.report(attempt, apply, event, |status| {
            status.reloads.rolled_back += 1;
            in_force(status, &old);
        });
    }

    fn reject(&mut self, attempt: Attempt, refused: Refused) {
        let retrying = self.schedule_retry(attempt, refused.kind);
        let reasons = refused.reasons;
        let apply = Apply::Rejected { reasons: reasons.clone(), retrying };
        let event = Event::Rejected { reasons, retrying };
        self.report(attempt, apply, event, |status| status.reloads.rejected += 1);
    }

    /// Publishes that a content is not in force, and sends the event unless the same outcome of that content was reported before.
    fn report(&mut self, attempt: Attempt, apply: Apply, event: Event, also: impl FnOnce(&mut Status)) {
        let mut reported = match self.failed.take() {
            Some(failed) if failed.content == attempt.content => failed.reported,
            _ => Vec::new(),
        };
        let is_new = !reported.contains(&apply);
        if is_new {
            reported.truncate(MAX_REPORTED - 1);
            reported.push(apply.clone());
        }
        self.failed = Some(Failed { content: attempt.content, reported });
        if self.shared.status.borrow().apply == apply {
            self.shared.status.send_modify(also);
        } else {
            self.publish(apply, also);
        }
        if is_new {
            self.tell(event);
        }
    }

    /// The outcomes reported of `content`; `None` where it is not what failed last.
    fn outcomes(&self, content: [u8; 32]) -> Option<&[Apply]> {
        self.failed
            .as_ref()
            .filter(|failed| failed.content == content)
            .map(|failed| failed.reported.as_slice())
    }

    fn was_rolled_back(&self, content: [u8; 32]) -> bool {
        self.outcomes(content).into_iter().flatten().any(|apply| matches!(apply, Apply::RolledBack { .. }))
    }

    /// Returns whether there will be a retry. The delay is longer each time a retry fails; a request to look does not make it longer.
    fn schedule_retry(&mut self, attempt: Attempt, kind: RefusalKind) -> bool {
        let delay = match self.retry {
            Some(last) if attempt.is_retry => (last.delay * 2).min(self.timing.retry_longest),
            _ => self.timing.retry_first,
        };
        let retry = Retry { at: Instant::now() + delay, delay };
        self.retry = (kind == RefusalKind::Transient).then_some(retry);
        self.retry.is_some()
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
