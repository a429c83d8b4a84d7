//! The timer of a connection.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::phase::Phase;
use super::reasons::Closed;
use crate::LimitArgs;

/// One timer for all deadlines of a connection. It is set again only when a deadline comes nearer; when it fires early
/// it looks anew, so that a busy connection seldom touches the timer wheel.
#[derive(Default)]
pub(super) struct Watchdog {
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes.
    waker: Option<Waker>,
}

impl Watchdog {
    /// Asked at every turn of the connection, and seldom with anything to do: a timer that is set wakes the task by itself.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, phase: &Phase, limits: &LimitArgs) -> Poll<Closed> {
        loop {
            let Some((deadline, reason)) = phase.deadline(limits) else { return Poll::Pending };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
                self.waker = None;
            }
            let is_set = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
            if is_set && !timer.is_elapsed() {
                return Poll::Pending;
            }
            self.waker = Some(cx.waker().clone());
            // A client that keeps the connection busy has used up the task's budget; a deadline holds all the same.
            ready!(Pin::new(&mut unconstrained(timer.as_mut())).poll(cx));
            if timer.deadline() >= deadline {
                return Poll::Ready(reason);
            }
            timer.as_mut().reset(deadline);
            self.waker = None;
        }
    }
}
