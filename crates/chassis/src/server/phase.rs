//! Where a connection stands, and until when it may stand there.
//!
//! hyper's own header timer also runs while a kept-alive connection idles, so it cannot be shorter than the idle limit.
//! Here the header deadline runs from the first byte of a request. Each further limit is one more line in [`Phase::deadline`].

use std::time::Duration;

use tokio::time::Instant;

use super::reasons::Closed;
use super::seats::{Spare, Spared};
use super::sync::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::LimitArgs;

/// Time for a client to notice that nobody reads its upload any more.
const LINGER: Duration = Duration::from_secs(1);

/// Shared by the two sides of one connection: its bytes and its requests.
///
/// Each request looks here several times, and with many connections the first look is one at memory that has left the
/// processor's cache: so all of it, the counts of its `Arc` included, is as long as one cache line, and no lock is taken.
/// Only the connection's task changes it, save that a handler may drop a request's body elsewhere, and that a full listener
/// may ask it to leave. Each field stands for itself, so relaxed order is enough, but for a body's end, which two fields tell. A
/// model check runs both sides in every order (`fuzz/model`).
#[derive(Debug)]
pub(super) struct Phase {
    /// Times are counted from here, in nanoseconds.
    born: Instant,
    /// A [`Step`] and its time, which change together.
    place: AtomicU64,
    /// When the peer stopped taking bytes, or [`NEVER`].
    unread_since: AtomicU64,
    /// When the body that is being read began, or [`NEVER`].
    upload_since: AtomicU64,
    upload_left: AtomicBool,
    end_in_doubt: AtomicBool,
    answer_owed: AtomicBool,
    asked_to_leave: AtomicBool,
}

/// Above any time: 584 years after the connection was opened.
const NEVER: u64 = u64::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// No byte has come since the connection was opened.
    Untouched,
    /// The same while the server stops; the time is the one until which the first byte must come.
    LastMoment,
    /// No byte of a further request has come.
    Idle,
    /// The first bytes of a request's header have come in this turn. Mostly they are the whole of it, and the clock is never
    /// asked for their time.
    Arriving,
    /// Some bytes of a request's header have come.
    Header,
    /// The header is complete, the answer is not. The handler has its own deadline; a body that is still read after that,
    /// by an answer that has begun, has the one here.
    Request,
    /// An answer from memory is on its way out, and its client takes its time; the time is the answer's own.
    Answered,
    /// The answer is out and the connection closed for writing, while the client still sends what nobody reads.
    Lingering,
}

/// By their place in a [`Place`].
const STEPS: [Step; 8] = [
    Step::Untouched,
    Step::LastMoment,
    Step::Idle,
    Step::Arriving,
    Step::Header,
    Step::Request,
    Step::Answered,
    Step::Lingering,
];

/// A step and a time in one word: three bits, and nanoseconds for 73 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u64);

impl Place {
    const STEP_BITS: u32 = 3;

    const fn new(step: Step, time: u64) -> Self {
        Self(time << Self::STEP_BITS | step as u64)
    }

    fn step(self) -> Step {
        // Only `new` makes places.
        STEPS.get((self.0 & 0b111) as usize).copied().unwrap_or(Step::Request)
    }

    const fn time(self) -> u64 {
        self.0 >> Self::STEP_BITS
    }

    /// When an idle connection became so.
    pub(super) fn idle_since(self) -> Option<u64> {
        (self.step() == Step::Idle).then(|| self.time())
    }
}

impl Phase {
    pub(super) fn new() -> Self {
        Self {
            born: Instant::now(),
            place: AtomicU64::new(Place::new(Step::Untouched, 0).0),
            unread_since: AtomicU64::new(NEVER),
            upload_since: AtomicU64::new(NEVER),
            upload_left: AtomicBool::new(false),
            end_in_doubt: AtomicBool::new(false),
            answer_owed: AtomicBool::new(false),
            asked_to_leave: AtomicBool::new(false),
        }
    }

    pub(super) fn bytes_came(&self) {
        if matches!(self.step(), Step::Untouched | Step::LastMoment | Step::Idle) {
            self.go(Step::Arriving, 0);
        }
    }

    pub(super) fn request_begins(&self) {
        self.go(Step::Request, 0);
        self.answer_owed.store(true, Relaxed);
    }

    /// The answer is known, whole, and ends when it is [`flushed`](Self::flushed): its client does not take all of it at once.
    /// Nothing is read until then.
    pub(super) fn answer_ready(&self, now: Instant) {
        self.go(Step::Answered, self.age(now));
    }

    pub(super) fn request_ends(&self, now: Instant) {
        self.go(Step::Idle, self.age(now));
    }

    /// All bytes so far have gone out. hyper flushes within an answer too, but after one before it looks for the next
    /// request.
    pub(super) fn flushed(&self) {
        let place = self.place();
        if place.step() == Step::Answered {
            self.go(Step::Idle, place.time());
        }
        if place.step() != Step::Request {
            self.answer_owed.store(false, Relaxed);
        }
    }

    /// Whether bytes that go out now may belong to an answer of ours; else hyper speaks for itself.
    pub(super) fn owes_answer(&self) -> bool {
        self.answer_owed.load(Relaxed)
    }

    /// A request's body is to be read. The end of a chunked one is in doubt until it has been read.
    pub(super) fn upload_begins(&self, is_chunked: bool) {
        self.end_in_doubt.store(is_chunked, Relaxed);
        self.upload_since.store(self.age(Instant::now()), Relaxed);
    }

    /// A request's body is over, by whichever thread held it. Said once for each body, so that none ends the body of the next request.
    pub(super) fn upload_ends(&self, has_trailer: bool) {
        self.end_in_doubt.store(has_trailer, Relaxed);
        self.upload_is_over();
    }

    /// What the client still sends will not be read.
    pub(super) fn upload_left(&self) {
        self.upload_left.store(true, Relaxed);
        self.upload_is_over();
    }

    /// Stored last and released: whoever finds that no body is read finds what became of it.
    fn upload_is_over(&self) {
        self.upload_since.store(NEVER, Release);
    }

    /// Whether a chunked body has begun whose last chunk has not been seen, or had a trailer section after it. hyper looks
    /// for CRLF where a trailer ends but reads LF inside it, so that it may take for a trailer what another server takes
    /// for the next request. Requests after such a body would be out of step with their answers.
    fn end_in_doubt(&self) -> bool {
        self.end_in_doubt.load(Relaxed)
    }

    /// Whether more of the request comes than was read when its answer is known. The connection ends with that answer, and the
    /// answer has to say so (RFC 9112, 9.6).
    pub(super) fn is_last(&self) -> bool {
        // In this order, for the reason that `upload_is_over` gives.
        self.upload_since.load(Acquire) != NEVER || self.end_in_doubt() || self.upload_left.load(Relaxed)
    }

    /// Asked when the connection is closed for writing: whether bytes still under way must be read first. Closing on
    /// unread bytes resets the connection, and the client may then never see the answer that says why.
    pub(super) fn must_linger(&self) -> bool {
        let must = self.upload_left.load(Relaxed);
        if must && self.step() != Step::Lingering {
            self.go(Step::Lingering, self.age(Instant::now()));
        }
        must
    }

    /// The peer takes no more bytes for now.
    pub(super) fn write_blocks(&self) {
        if self.unread_since.load(Relaxed) == NEVER {
            self.unread_since.store(self.age(Instant::now()), Relaxed);
        }
    }

    pub(super) fn write_moves(&self) {
        self.unread_since.store(NEVER, Relaxed);
    }

    pub(super) fn is_in_request(&self) -> bool {
        matches!(self.step(), Step::Request | Step::Answered)
    }

    /// Whether all that came was read as whole requests, and each of them is answered and sent, so that the next byte is the
    /// first of a request.
    pub(super) fn is_at_rest(&self) -> bool {
        self.step() == Step::Idle
            && self.unread_since.load(Relaxed) == NEVER
            && !self.answer_owed.load(Relaxed)
            && !self.is_last()
    }

    /// Whether a request must be expected though the server stops: some of its header has come, or the connection is so
    /// new that nothing has, in which case the first byte must come until `deadline`.
    pub(super) fn expects_request(&self, deadline: Instant, limits: &LimitArgs) -> bool {
        match self.step() {
            Step::Untouched => {
                self.go(Step::LastMoment, self.age(deadline).min(nanos(limits.idle_time)));
                true
            }
            Step::LastMoment | Step::Arriving | Step::Header => true,
            Step::Idle | Step::Request | Step::Answered | Step::Lingering => false,
        }
    }

    /// How easily the connection could be given up for another one, and since when; None while a request is in flight.
    pub(super) fn spare(&self) -> Option<Spared> {
        let unread_since = self.unread_since.load(Relaxed);
        if unread_since != NEVER {
            return Some((Spare::Stalled, self.instant(unread_since)));
        }
        let place = self.place();
        let kind = match place.step() {
            Step::Untouched | Step::Idle => Spare::Idle,
            Step::Lingering => Spare::Lingering,
            Step::Header => Spare::Header,
            Step::LastMoment | Step::Arriving | Step::Request | Step::Answered => return None,
        };
        Some((kind, self.instant(place.time())))
    }

    /// A full listener has a further connection to accept.
    pub(super) fn ask_to_leave(&self) {
        self.asked_to_leave.store(true, Relaxed);
    }

    pub(super) fn is_asked_to_leave(&self) -> bool {
        self.asked_to_leave.load(Relaxed)
    }

    /// The connection has something to do, and stays.
    pub(super) fn stay(&self) {
        self.asked_to_leave.store(false, Relaxed);
    }

    /// When the connection is to be closed if nothing happens until then, and why.
    pub(super) fn deadline(&self, limits: &LimitArgs) -> Option<(u64, Closed)> {
        let unread_since = self.unread_since.load(Relaxed);
        if unread_since != NEVER {
            return Some((unread_since + nanos(limits.write_stall), Closed::WriteStall));
        }
        let time = self.place().time();
        match self.step() {
            Step::Untouched | Step::Idle => Some((time + nanos(limits.idle_time), Closed::Idle)),
            Step::LastMoment => Some((time, Closed::Idle)),
            Step::Arriving => {
                let now = self.age(Instant::now());
                self.go(Step::Header, now);
                Some((now + nanos(limits.header_time), Closed::HeaderTimeout))
            }
            Step::Header => Some((time + nanos(limits.header_time), Closed::HeaderTimeout)),
            // Later than the handler's own deadline, whose 503 says more than a closed connection.
            Step::Request => match self.upload_since.load(Relaxed) {
                NEVER => None,
                since => {
                    Some((since + nanos(limits.handler_time.saturating_add(LINGER)), Closed::BodyTimeout))
                }
            },
            // It waits for the peer only, which has the deadline above.
            Step::Answered => None,
            Step::Lingering => Some((time + nanos(LINGER), Closed::Linger)),
        }
    }

    /// The time that [`deadline`](Self::deadline) tells, as the runtime's clock has it.
    pub(super) fn instant(&self, time: u64) -> Instant {
        self.born + Duration::from_nanos(time)
    }

    pub(super) fn place(&self) -> Place {
        Place(self.place.load(Relaxed))
    }

    fn step(&self) -> Step {
        self.place().step()
    }

    fn go(&self, step: Step, time: u64) {
        self.place.store(Place::new(step, time).0, Relaxed);
    }

    fn age(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.born))
    }
}

/// Deadlines far away are put together from these, and must not overflow.
fn nanos(time: Duration) -> u64 {
    const MOST: u64 = u64::MAX >> (Place::STEP_BITS + 1);
    u64::try_from(time.as_nanos()).map_or(MOST, |nanos| nanos.min(MOST))
}

#[cfg(test)]
mod tests;
