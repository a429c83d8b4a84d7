//! Where a connection stands, and until when it may stand there.
//!
//! hyper's own header timer also runs while a kept-alive connection idles, so it cannot be shorter than the idle limit.
//! Here the header deadline runs from the first byte of a request; where that came together with the request before it,
//! from the next byte. Each further limit is one more line in [`Phase::deadline`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::reasons::Closed;
use crate::LimitArgs;

/// Time for a client to notice that nobody reads its upload any more.
const LINGER: Duration = Duration::from_secs(1);

/// Shared by the two sides of one connection: its bytes and its requests.
#[derive(Debug)]
pub(super) struct Phase {
    state: Mutex<State>,
    /// Whether a write waits for the peer: asked after every write, and seldom so.
    write_waits: AtomicBool,
}

#[derive(Debug)]
struct State {
    step: Step,
    is_untouched: bool,
    first_byte_until: Option<Instant>,
    unread_since: Option<Instant>,
    upload_since: Option<Instant>,
    upload_left: bool,
    end_in_doubt: bool,
    answer_owed: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// No byte of a request has come yet.
    Idle { since: Instant },
    /// Some bytes of a request's header have come.
    Header { since: Instant },
    /// The header is complete, the answer is not. The handler has its own deadline; a body that is still read after that,
    /// by an answer that has begun, has the one here.
    Request,
    /// The answer is out and the connection closed for writing, while the client still sends what nobody reads.
    Lingering { since: Instant },
}

impl Phase {
    pub(super) fn new() -> Self {
        let step = Step::Idle { since: Instant::now() };
        let state = Mutex::new(State {
            step,
            is_untouched: true,
            first_byte_until: None,
            unread_since: None,
            upload_since: None,
            upload_left: false,
            end_in_doubt: false,
            answer_owed: false,
        });
        Self { state, write_waits: AtomicBool::new(false) }
    }

    pub(super) fn bytes_came(&self) {
        let mut state = self.lock();
        if let Step::Idle { .. } = state.step {
            state.step = Step::Header { since: Instant::now() };
            state.is_untouched = false;
        }
    }

    pub(super) fn request_begins(&self) {
        let mut state = self.lock();
        state.step = Step::Request;
        state.answer_owed = true;
    }

    pub(super) fn request_ends(&self, now: Instant) {
        self.lock().step = Step::Idle { since: now };
    }

    /// All bytes so far have gone out. hyper flushes within an answer too, but after one before it looks for the next
    /// request.
    pub(super) fn flushed(&self) {
        let mut state = self.lock();
        if !matches!(state.step, Step::Request) {
            state.answer_owed = false;
        }
    }

    /// Whether bytes that go out now may belong to an answer of ours; else hyper speaks for itself.
    pub(super) fn owes_answer(&self) -> bool {
        self.lock().answer_owed
    }

    /// A request's body is to be read.
    pub(super) fn upload_begins(&self) {
        self.lock().upload_since = Some(Instant::now());
    }

    /// A request's body is over, or not read any further.
    pub(super) fn upload_ends(&self) {
        self.lock().upload_since = None;
    }

    /// Whether a chunked body has begun whose last chunk has not been seen, or had a trailer section after it. hyper looks
    /// for CRLF where a trailer ends but reads LF inside it, so that it may take for a trailer what another server takes
    /// for the next request. Requests after such a body would be out of step with their answers.
    pub(super) fn end_in_doubt(&self) -> bool {
        self.lock().end_in_doubt
    }

    pub(super) fn set_end_in_doubt(&self, is_in_doubt: bool) {
        self.lock().end_in_doubt = is_in_doubt;
    }

    /// What the client still sends will not be read.
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
        self.write_waits.store(true, Ordering::Relaxed);
    }

    pub(super) fn write_moves(&self) {
        if self.write_waits.load(Ordering::Relaxed) {
            self.write_waits.store(false, Ordering::Relaxed);
            self.lock().unread_since = None;
        }
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
    pub(super) fn deadline(&self, limits: &LimitArgs) -> Option<(Instant, Closed)> {
        let state = self.lock();
        if let Some(since) = state.unread_since {
            return Some((since + limits.write_stall, Closed::WriteStall));
        }
        match state.step {
            Step::Idle { since } => {
                let idle = since + limits.idle_time;
                Some((state.first_byte_until.map_or(idle, |until| until.min(idle)), Closed::Idle))
            }
            Step::Header { since } => Some((since + limits.header_time, Closed::HeaderTimeout)),
            // Later than the handler's own deadline, whose 503 says more than a closed connection.
            Step::Request => {
                state.upload_since.map(|since| (since + limits.handler_time + LINGER, Closed::BodyTimeout))
            }
            Step::Lingering { since } => Some((since + LINGER, Closed::Linger)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Closed, Instant, LINGER, Phase};
    use crate::LimitArgs;

    fn reason(phase: &Phase) -> Option<Closed> {
        phase.deadline(&LimitArgs::default()).map(|(_, reason)| reason)
    }

    #[test]
    fn each_step_of_a_connection_ends_for_a_reason_of_its_own() {
        let phase = Phase::new();
        assert_eq!(reason(&phase), Some(Closed::Idle));
        phase.bytes_came();
        assert_eq!(reason(&phase), Some(Closed::HeaderTimeout));
        phase.request_begins();
        assert_eq!(reason(&phase), None, "the handler has a deadline of its own");
        phase.upload_begins();
        assert_eq!(reason(&phase), Some(Closed::BodyTimeout));
        phase.upload_ends();
        phase.write_blocks();
        assert_eq!(reason(&phase), Some(Closed::WriteStall));
        phase.write_moves();
        phase.request_ends(Instant::now());
        assert_eq!(reason(&phase), Some(Closed::Idle));
        phase.upload_left();
        assert!(phase.must_linger());
        assert_eq!(reason(&phase), Some(Closed::Linger));
    }

    #[test]
    fn a_slow_body_is_answered_before_it_is_cut() {
        let phase = Phase::new();
        let begun = Instant::now();
        phase.request_begins();
        phase.upload_begins();
        let limits = LimitArgs::default();
        let (deadline, _) = phase.deadline(&limits).expect("a deadline");
        assert!(deadline >= begun + limits.handler_time + LINGER);
    }
}
