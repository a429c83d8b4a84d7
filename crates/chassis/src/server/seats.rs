//! The connections of one listener, and which of them goes when a full listener has a further one to accept.
//!
//! A full listener closes the connection that can be spared most easily ([`Spare`]). Neither many idle connections nor clients
//! that stop within a header keep a newcomer, as the orchestrator's probe, from its answer. A request that is in flight is
//! never given up.
//!
//! Requests do no work for this beyond reading one flag in a cache line that they read anyway.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Duration;

use tokio::task::Id;
use tokio::time::Instant;

use super::phase::Phase;

/// A client that has taken nothing of its answer for this long may go.
const STALLED: Duration = Duration::from_secs(1);

/// How easily a connection can be spared; the first kind goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spare {
    /// Between two requests, or before the first.
    Idle,
    /// Its last answer is out, and its client still sends.
    Lingering,
    /// Within a request's header.
    Header,
    /// Its client takes nothing of an answer.
    Stalled,
}

/// What can be spared, and since when.
pub(super) type Spared = (Spare, Instant);

/// One connection, as its listener sees it.
#[derive(Debug)]
pub(super) struct Seat {
    phase: Arc<Phase>,
    /// The connection's task, once it has run.
    waker: OnceLock<Waker>,
}

impl Seat {
    pub(super) fn new(phase: Arc<Phase>) -> Self {
        Self { phase, waker: OnceLock::new() }
    }

    pub(super) fn phase(&self) -> &Arc<Phase> {
        &self.phase
    }

    /// Stores how the connection's task is woken; a task has one waker for its life.
    pub(super) fn register(&self, waker: &Waker) {
        self.waker.get_or_init(|| waker.clone());
    }

    /// None for a connection that is busy, and for one that has not run yet, whose request may be waiting to be read.
    fn spared(&self) -> Option<Spared> {
        self.waker.get().and_then(|_| spared(&self.phase))
    }

    /// Asks the connection to go. It decides by itself, since a request may have come meanwhile.
    fn ask(&self) {
        self.phase.ask_to_leave();
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }
}

/// Whether the connection could go now.
pub(super) fn spared(phase: &Phase) -> Option<Spared> {
    phase.spare().filter(|(kind, since)| *kind != Spare::Stalled || since.elapsed() >= STALLED)
}

/// All connections of one listener, by their tasks.
#[derive(Debug, Default)]
pub(super) struct Seats {
    taken: HashMap<Id, Arc<Seat>>,
    /// Those that could go at the last look at all connections, the last one first.
    spare: Vec<(Spared, Id)>,
}

impl Seats {
    pub(super) fn take(&mut self, task: Id, seat: Arc<Seat>) {
        self.taken.insert(task, seat);
    }

    pub(super) fn leave(&mut self, task: Id) {
        self.taken.remove(&task);
    }

    /// Asks the connection to go that can be spared most easily, of equal ones the one that has been so for longest. False
    /// if all are busy.
    pub(super) fn ask_one(&mut self) -> bool {
        self.ask_known() || {
            self.look();
            self.ask_known()
        }
    }

    /// A connection that is as it was at the last look still is the first of all: what has changed since has a later time.
    fn ask_known(&mut self) -> bool {
        while let Some((spared, task)) = self.spare.pop() {
            if let Some(seat) = self.taken.get(&task).filter(|seat| seat.spared() == Some(spared)) {
                seat.ask();
                return true;
            }
        }
        false
    }

    /// Looks at all connections for those that go next. One in eight is kept, so that a flood of newcomers costs each of them
    /// eight looks at a connection, however many there are.
    fn look(&mut self) {
        self.spare = self.taken.iter().filter_map(|(task, seat)| Some((seat.spared()?, *task))).collect();
        let kept = self.taken.len() / 8 + 1;
        if self.spare.len() > kept {
            self.spare.select_nth_unstable_by_key(kept, |(spared, _)| *spared);
            self.spare.truncate(kept);
        }
        self.spare.sort_unstable_by_key(|(spared, _)| std::cmp::Reverse(*spared));
        // A connection may become idle while those of another kind are asked to go.
        let first = self.spare.last().map(|((kind, _), _)| *kind);
        self.spare.retain(|((kind, _), _)| Some(*kind) == first);
    }
}

#[cfg(test)]
mod tests;
