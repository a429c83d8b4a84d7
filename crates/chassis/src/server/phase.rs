//! Where a connection stands, and until when it may stand there.
//!
//! hyper's own header timer also runs while a kept-alive connection idles, so it cannot be shorter than the idle limit.
//! Here the header deadline runs from the first byte of a request; where that came together with the request before it,
//! from the next byte. Each further limit is one more line in [`Phase::deadline`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::LimitArgs;

/// Time for a client to notice that nobody reads its upload any more.
const LINGER: Duration = Duration::from_secs(1);

/// Shared by the two sides of one connection: its bytes and its requests.
#[derive(Debug)]
pub(super) struct Phase(Mutex<State>);

#[derive(Debug)]
struct State {
    step: Step,
    is_untouched: bool,
    first_byte_until: Option<Instant>,
    unread_since: Option<Instant>,
    upload_left: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// No byte of a request has come yet.
    Idle { since: Instant },
    /// Some bytes of a request's header have come.
    Header { since: Instant },
    /// The header is complete, the answer is not. The handler has its own deadline.
    Request,
    /// The answer is out and the connection closed for writing, while the client still sends what nobody reads.
    Lingering { since: Instant },
}

/// Why a connection was closed from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Idle,
    Header,
    WriteStall,
    Linger,
}

impl Phase {
    pub(super) fn new() -> Self {
        let step = Step::Idle { since: Instant::now() };
        Self(Mutex::new(State {
            step,
            is_untouched: true,
            first_byte_until: None,
            unread_since: None,
            upload_left: false,
        }))
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

    /// The rest of a request's body will not be read.
    pub(super) fn upload_left(&self) {
        self.lock().upload_left = true;
    }

    /// Asked when the connection is closed for writing: whether bytes still under way must be read first. Closing on
    /// unread bytes resets the connection, and the client may then never see the answer that says why.
    pub(super) fn must_linger(&self) -> bool {
        let mut state = self.lock();
        if state.upload_left && !matches!(state.step, Step::Lingering { .. }) {
            state.step = Step::Lingering { since: Instant::now() };
        }
        state.upload_left
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

    /// Whether a request must be expected though the server stops: some of its header has come, or the connection is so
    /// new that nothing has, in which case the first byte must come until `deadline`.
    pub(super) fn expects_request(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        if state.is_untouched {
            state.first_byte_until = Some(deadline);
        }
        state.is_untouched || matches!(state.step, Step::Header { .. })
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
            Step::Lingering { since } => Some((since + LINGER, Expiry::Linger)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
