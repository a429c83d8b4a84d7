//! Where a connection stands, and until when it may stand there.
//!
//! hyper's own header timer also runs while a kept-alive connection idles, so it cannot be shorter than the idle limit.
//! Here the header deadline runs from the first byte of a request. Each further limit is one more line in
//! [`Phase::deadline`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::LimitArgs;

/// Shared by the two sides of one connection: its bytes and its requests.
#[derive(Debug)]
pub(super) struct Phase(Mutex<State>);

#[derive(Debug)]
struct State {
    step: Step,
    is_untouched: bool,
    first_byte_until: Option<Instant>,
    unread_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// No byte of a request has come yet.
    Idle { since: Instant },
    /// Some bytes of a request's header have come.
    Header { since: Instant },
    /// The header is complete, the answer is not. The handler has its own deadline.
    Request,
}

/// Why a connection was closed from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Idle,
    Header,
    WriteStall,
}

impl Phase {
    pub(super) fn new() -> Self {
        let step = Step::Idle { since: Instant::now() };
        Self(Mutex::new(State { step, is_untouched: true, first_byte_until: None, unread_since: None }))
    }

    pub(super) fn bytes_came(&self) {
        let mut state = self.lock();
        if let Step::Idle { .. } = state.step {
            state.step = Step::Header { since: Instant::now() };
            state.is_untouched = false;
        }
    }

    pub(super) fn request_begins(&self) {
        self.lock().step = Step::Request;
    }

    pub(super) fn request_ends(&self) {
        self.lock().step = Step::Idle { since: Instant::now() };
    }

    /// The peer takes no more bytes for now.
    pub(super) fn write_blocks(&self) {
        let mut state = self.lock();
        if state.unread_since.is_none() {
            state.unread_since = Some(Instant::now());
        }
    }

    pub(super) fn write_moves(&self) {
        self.lock().unread_since = None;
    }

    pub(super) fn is_in_request(&self) -> bool {
        matches!(self.lock().step, Step::Request)
    }

    /// A connection on which nothing has been said yet may stay silent until `deadline` at most.
    pub(super) fn expect_first_byte_until(&self, deadline: Instant) {
        let mut state = self.lock();
        if state.is_untouched {
            state.first_byte_until = Some(deadline);
        }
    }

    /// When the connection is to be closed if nothing happens until then, and why.
    pub(super) fn deadline(&self, limits: &LimitArgs) -> Option<(Instant, Expiry)> {
        let state = self.lock();
        if let Some(since) = state.unread_since {
            return Some((since + limits.write_stall, Expiry::WriteStall));
        }
        match state.step {
            Step::Idle { since } => {
                let idle = since + limits.idle_time;
                Some((state.first_byte_until.map_or(idle, |until| until.min(idle)), Expiry::Idle))
            }
            Step::Header { since } => Some((since + limits.header_time, Expiry::Header)),
            Step::Request => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
