//! Timer of a connection.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::task::coop::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::state::{Age, State};
use super::tracker::ConnectionState;
use crate::limits::LimitArgs;
use crate::server::record::reasons::CloseReason;

/// One timer for all deadlines of a connection. It is reset only when a deadline comes nearer; when it fires early, it is set
/// again. So a busy connection rarely touches the timer wheel.
#[derive(Default)]
pub(crate) struct Watchdog {
    timer: Option<Pin<Box<Sleep>>>,
    /// Age at which the timer fires.
    set_for: Age,
    /// Waker that the timer will wake.
    waker: Option<Waker>,
    /// State of the connection at the last poll.
    seen: Option<State>,
}

impl Watchdog {
    /// Ready with the reason when a deadline has passed. Called at every poll of the connection, and rarely has anything to
    /// do: a timer that is set wakes the task.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        connection: &ConnectionState,
        limits: &LimitArgs,
    ) -> Poll<CloseReason> {
        let deadline = connection.deadline(limits);
        let state = connection.state();
        let has_changed = self.seen.replace(state) != Some(state);
        let Some((deadline, reason)) = deadline else { return Poll::Pending };

        let is_set = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_set && self.set_for <= deadline {
            // A connection that became idle in this very poll proves that the timer has not fired. The timer itself, which is
            // rarely in the processor's cache, need not be read.
            let fires_later = has_changed && matches!(state, State::Idle { since } if since < self.set_for);
            if fires_later || !self.timer.as_ref().is_some_and(|timer| timer.is_elapsed()) {
                return Poll::Pending;
            }
            if self.set_for == deadline {
                return Poll::Ready(reason);
            }
        }
        let instant = connection.instant(deadline);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(instant)));
        timer.as_mut().reset(instant);
        self.set_for = deadline;
        self.waker = Some(cx.waker().clone());
        // A busy connection has used up the task's budget; a deadline holds nevertheless.
        Pin::new(&mut unconstrained(timer.as_mut())).poll(cx).map(|()| reason)
    }
}
