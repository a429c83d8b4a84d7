//! The timer of a connection.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::phase::{Phase, Place};
use super::reasons::Closed;
use crate::LimitArgs;

/// One timer for all deadlines of a connection. It is set again only when a deadline comes nearer; when it fires early
/// it looks anew, so that a busy connection seldom touches the timer wheel.
#[derive(Default)]
pub(super) struct Watchdog {
    timer: Option<Pin<Box<Sleep>>>,
    /// When the timer fires, as [`Phase`] counts.
    set_for: u64,
    /// Whom the timer wakes.
    waker: Option<Waker>,
    /// Where the connection stood at the last look.
    seen: Option<Place>,
}

impl Watchdog {
    /// Asked at every turn of the connection, and seldom with anything to do: a timer that is set wakes the task by itself.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, phase: &Phase, limits: &LimitArgs) -> Poll<Closed> {
        let deadline = phase.deadline(limits);
        let place = phase.place();
        let is_news = self.seen.replace(place) != Some(place);
        let Some((deadline, reason)) = deadline else { return Poll::Pending };

        let is_set = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_set && self.set_for <= deadline {
            // A connection that has become idle in this very turn tells the time by that: the timer, which has seldom stayed
            // in the processor's cache, need not be looked at.
            let fires_later = is_news && place.idle_since().is_some_and(|since| since < self.set_for);
            if fires_later || !self.timer.as_ref().is_some_and(|timer| timer.is_elapsed()) {
                return Poll::Pending;
            }
            if self.set_for == deadline {
                return Poll::Ready(reason);
            }
        }
        let instant = phase.instant(deadline);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(instant)));
        timer.as_mut().reset(instant);
        self.set_for = deadline;
        self.waker = Some(cx.waker().clone());
        // A client that keeps the connection busy has used up the task's budget; a deadline holds all the same.
        Pin::new(&mut unconstrained(timer.as_mut())).poll(cx).map(|()| reason)
    }
}
