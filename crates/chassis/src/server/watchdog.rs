//! The timer of a connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Sleep, sleep_until};

use super::phase::Phase;
use super::reasons::Closed;
use crate::LimitArgs;

/// One timer for all deadlines of a connection. It is set again only when a deadline comes nearer; when it fires early
/// it looks anew, so that a busy connection seldom touches the timer wheel.
#[derive(Default)]
pub(super) struct Watchdog(Option<Pin<Box<Sleep>>>);

impl Watchdog {
    pub(super) async fn expired(&mut self, phase: &Phase, limits: &LimitArgs) -> Closed {
        poll_fn(|cx| self.poll(cx, phase, limits)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>, phase: &Phase, limits: &LimitArgs) -> Poll<Closed> {
        loop {
            let Some((deadline, reason)) = phase.deadline(limits) else { return Poll::Pending };
            let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= deadline {
                return Poll::Ready(reason);
            }
            timer.as_mut().reset(deadline);
        }
    }
}
