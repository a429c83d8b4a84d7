//! How far the stop of a listener has come, as each of its connections learns it.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::sync::watch;
use tokio::task::coop::unconstrained;

/// How far the stop of a listener has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Serving,
    /// Still accepting, but every answer closes its connection.
    Draining,
    /// The same, but whoever is here from before this round is sent away, to come back elsewhere or to be seen.
    Leaving(u32),
    /// Nothing new; requests in flight finish.
    Finishing,
    /// Whatever is left is cut.
    Cut,
}

/// The stages as one connection reaches them.
pub(super) struct Stages {
    /// Shows by one atomic load whether there is anything new.
    seen: watch::Receiver<Stage>,
    next: Pin<Box<dyn Future<Output = watch::Receiver<Stage>> + Send>>,
    /// Whom `next` wakes.
    waker: Option<Waker>,
}

impl Stages {
    /// A stage reached before the connection was accepted counts as well, save that it need not leave as it arrives.
    pub(super) fn new(mut stage: watch::Receiver<Stage>) -> Self {
        if !matches!(*stage.borrow_and_update(), Stage::Leaving(_)) {
            stage.mark_changed();
        }
        Self { seen: stage.clone(), next: Box::pin(changed(stage)), waker: None }
    }

    /// Asked at every turn of the connection, and nearly always with nothing to do: whoever waits is woken.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Stage> {
        let waits = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if waits && !self.seen.has_changed().unwrap_or(true) {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        // A client that keeps the connection busy has used up the task's budget; it is told all the same.
        let stage = ready!(Pin::new(&mut unconstrained(self.next.as_mut())).poll(cx));
        // A sender that is gone means that the server was aborted.
        let reached = if stage.has_changed().is_ok() { *stage.borrow() } else { Stage::Cut };
        self.seen = stage.clone();
        self.next = Box::pin(changed(stage));
        self.waker = None;
        Poll::Ready(reached)
    }
}

async fn changed(mut stage: watch::Receiver<Stage>) -> watch::Receiver<Stage> {
    // An error says that the sender is gone, which whoever gets the receiver sees too.
    let _ = stage.changed().await;
    stage
}
