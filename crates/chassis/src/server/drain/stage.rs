//! Stages of a stop, as each connection of a listener observes them.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::sync::watch;
use tokio::task::coop::unconstrained;

/// Stage of a listener's stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Serving,
    /// Still accepting; every response closes its connection.
    Draining,
    /// Still accepting. Idle connections from before this round are closed, so that clients reconnect through the load
    /// balancer.
    Leaving(u32),
    /// No longer accepting; requests in flight finish.
    Finishing,
    /// All remaining connections are cut.
    Cut,
}

/// Stream of the stages that one connection reaches.
pub(crate) struct Stages {
    /// Detects a new stage by one atomic load.
    seen: watch::Receiver<Stage>,
    next: Pin<Box<dyn Future<Output = watch::Receiver<Stage>> + Send>>,
    /// Waker that `next` will wake.
    waker: Option<Waker>,
}

impl Stages {
    /// A new connection starts in the current stage. One accepted during [`Stage::Leaving`] is not closed before the next
    /// round.
    pub(crate) fn new(mut stage: watch::Receiver<Stage>) -> Self {
        if !matches!(*stage.borrow_and_update(), Stage::Leaving(_)) {
            stage.mark_changed();
        }
        Self { seen: stage.clone(), next: Box::pin(changed(stage)), waker: None }
    }

    /// Ready with the next stage. Called at every poll of the connection; nearly always there is none, and the task is
    /// woken when there is.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Stage> {
        let is_registered = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_registered && !self.seen.has_changed().unwrap_or(true) {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        // A busy connection has used up the task's budget; it must see the stage nevertheless.
        let stage = ready!(Pin::new(&mut unconstrained(self.next.as_mut())).poll(cx));
        // The sender is gone if the server was aborted.
        let reached = if stage.has_changed().is_ok() { *stage.borrow() } else { Stage::Cut };
        self.seen = stage.clone();
        self.next = Box::pin(changed(stage));
        self.waker = None;
        Poll::Ready(reached)
    }
}

/// Returns the receiver after a change, or after the sender was dropped.
async fn changed(mut stage: watch::Receiver<Stage>) -> watch::Receiver<Stage> {
    // `has_changed` of the returned receiver reports a dropped sender too.
    let _ = stage.changed().await;
    stage
}

/// True once the drain has begun. The stage never goes back, so one atomic load detects that it has changed since the server
/// started. A dropped sender means that the server was aborted.
pub(crate) fn is_draining(stage: &watch::Receiver<Stage>) -> bool {
    stage.has_changed().unwrap_or(true)
}
