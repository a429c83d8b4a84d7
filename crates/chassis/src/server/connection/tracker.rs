//! Tracker of a connection's state: events of its bytes and of its requests come in, deadlines come out.
//!
//! hyper's own header timer also runs while a kept-alive connection is idle, so it cannot be shorter than the idle limit.
//! Here the header deadline starts at the first byte of a request.

use std::time::Duration;

use tokio::time::Instant;

use super::eviction::{Evictable, EvictionRank};
use super::state::{Age, State};
use super::sync::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::limits::LimitArgs;
use crate::server::record::reasons::CloseReason;

/// State of one connection, shared by the two sides of it: its bytes and its requests.
///
/// Read several times per request. With many connections the first read is a cache miss, so the struct and the counters of
/// its `Arc` fit one 64-byte cache line and need no lock.
///
/// Only the connection's task changes it, with two exceptions: a handler may drop a request's body on another thread, and a
/// full listener may request an eviction. Each field is independent, so relaxed order is enough, except for the end of a
/// body, which two fields describe. A model check runs both sides in every order (`fuzz/model`).
#[derive(Debug)]
pub(crate) struct ConnectionState {
    /// Origin of all ages.
    accepted_at: Instant,
    /// A packed [`State`].
    state: AtomicU64,
    /// Age at which the client stopped reading, or [`NEVER`].
    blocked_since: AtomicU64,
    /// Age at which the body that is being read began, or [`NEVER`].
    upload_since: AtomicU64,
    upload_abandoned: AtomicBool,
    end_in_doubt: AtomicBool,
    response_pending: AtomicBool,
    eviction_requested: AtomicBool,
    #[cfg(not(feature = "fast-path"))]
    has_body: AtomicBool,
    /// False if the last bytes received are not the end of a request header.
    #[cfg(not(feature = "fast-path"))]
    ends_header: AtomicBool,
}

/// Larger than any age: 584 years.
const NEVER: Age = Age::MAX;

impl ConnectionState {
    pub(crate) fn new() -> Self {
        Self {
            accepted_at: Instant::now(),
            state: AtomicU64::new(State::New.pack()),
            blocked_since: AtomicU64::new(NEVER),
            upload_since: AtomicU64::new(NEVER),
            upload_abandoned: AtomicBool::new(false),
            end_in_doubt: AtomicBool::new(false),
            response_pending: AtomicBool::new(false),
            eviction_requested: AtomicBool::new(false),
            #[cfg(not(feature = "fast-path"))]
            has_body: AtomicBool::new(false),
            #[cfg(not(feature = "fast-path"))]
            ends_header: AtomicBool::new(true),
        }
    }

    /// Bytes were received.
    pub(crate) fn bytes_received(&self) {
        self.transition(State::on_bytes);
    }

    /// A request header is complete.
    pub(crate) fn request_started(&self) {
        self.set(State::Request);
        #[cfg(not(feature = "fast-path"))]
        self.has_body.store(false, Relaxed);
        self.response_pending.store(true, Relaxed);
    }

    /// The response is known and whole, but the client does not read all of it at once. The request ends with
    /// [`flushed`](Self::flushed); nothing is read until then.
    #[cfg(any(test, feature = "fast-path"))]
    pub(crate) fn response_ready(&self, now: Instant) {
        self.set(State::Sending { complete: self.age(now) });
    }

    /// The response is complete.
    pub(crate) fn request_finished(&self, now: Instant) {
        self.set(State::Idle { since: self.age(now) });
        #[cfg(not(feature = "fast-path"))]
        if !self.has_body.load(Relaxed) && !self.ends_header.load(Relaxed) {
            self.transition(State::on_bytes);
        }
    }

    /// Stores whether the last bytes received are the end of a request header. If they are not, and the request has no body,
    /// then hyper has read a part of the next request ahead, whose header deadline begins with the end of this one.
    #[cfg(not(feature = "fast-path"))]
    pub(crate) fn header_ended(&self, ends_header: bool) {
        self.ends_header.store(ends_header, Relaxed);
    }

    /// All bytes so far were sent. hyper flushes within a response too, but after one it flushes before it reads the next
    /// request.
    pub(crate) fn flushed(&self) {
        let state = self.state();
        self.transition(State::on_flush);
        if state != State::Request {
            self.response_pending.store(false, Relaxed);
        }
    }

    /// True if bytes that are sent now may belong to a response of the service. Otherwise they are hyper's own response.
    pub(crate) fn is_response_pending(&self) -> bool {
        self.response_pending.load(Relaxed)
    }

    /// A request's body is to be read. The end of a chunked body is in doubt until it has been read.
    pub(crate) fn upload_started(&self, is_chunked: bool) {
        #[cfg(not(feature = "fast-path"))]
        self.has_body.store(true, Relaxed);
        self.end_in_doubt.store(is_chunked, Relaxed);
        self.upload_since.store(self.age(Instant::now()), Relaxed);
    }

    /// A request's body was read to its end, on any thread. Called once per body, so that it cannot end the body of the next
    /// request.
    pub(crate) fn upload_finished(&self, has_trailer: bool) {
        self.end_in_doubt.store(has_trailer, Relaxed);
        self.end_upload();
    }

    /// The rest of a request's body will not be read.
    pub(crate) fn upload_abandoned(&self) {
        self.upload_abandoned.store(true, Relaxed);
        self.end_upload();
    }

    /// Stored last, with release order: a reader that finds no upload also finds its outcome.
    fn end_upload(&self) {
        self.upload_since.store(NEVER, Release);
    }

    /// True if a chunked body has begun whose last chunk has not been read, or that had a trailer section. hyper expects CRLF
    /// at the end of a trailer but accepts LF inside it. So it may take for a trailer what another server takes for the next
    /// request, and later requests would be out of step with their responses.
    fn is_end_in_doubt(&self) -> bool {
        self.end_in_doubt.load(Relaxed)
    }

    /// True if the connection must close after the current response, which has to say so (RFC 9112, 9.6): more of the
    /// request arrives than was read.
    pub(crate) fn must_close(&self) -> bool {
        // In this order, for the reason given at `end_upload`.
        self.upload_since.load(Acquire) != NEVER
            || self.is_end_in_doubt()
            || self.upload_abandoned.load(Relaxed)
    }

    /// Called when the connection is closed for writing. Returns true if bytes on their way must be read first: closing with
    /// unread bytes resets the connection, and the client may then never see the response that explains it.
    pub(crate) fn start_lingering(&self) -> bool {
        let must_linger = self.upload_abandoned.load(Relaxed);
        if must_linger && !matches!(self.state(), State::Lingering { .. }) {
            let now = self.age(Instant::now());
            self.transition(|state| state.on_linger(now));
        }
        must_linger
    }

    /// The client reads no more bytes for now.
    pub(crate) fn write_blocked(&self) {
        if self.blocked_since.load(Relaxed) == NEVER {
            self.blocked_since.store(self.age(Instant::now()), Relaxed);
        }
    }

    /// The client reads.
    pub(crate) fn write_progressed(&self) {
        self.blocked_since.store(NEVER, Relaxed);
    }

    /// True while a request has no complete response.
    pub(crate) fn has_request(&self) -> bool {
        self.state().has_request()
    }

    /// True if all bytes received were read as whole requests, and each of them is answered and its response sent. So the next
    /// byte is the first of a request.
    #[cfg(any(test, feature = "fast-path"))]
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(self.state(), State::Idle { .. })
            && self.blocked_since.load(Relaxed) == NEVER
            && !self.response_pending.load(Relaxed)
            && !self.must_close()
    }

    /// Called when the server stops accepting. Returns true if a request must still be expected: a part of its header was
    /// received, or the connection is so new that nothing was, in which case the first byte must arrive until `deadline`.
    pub(crate) fn expects_request(&self, deadline: Instant, limits: &LimitArgs) -> bool {
        let until = self.age(deadline).min(State::age(limits.idle_time));
        self.transition(|state| state.on_stop(until));
        self.state().expects_request()
    }

    /// Rank of the connection, and since when, if it may be evicted; `None` while a request is in flight.
    pub(crate) fn evictable(&self) -> Option<Evictable> {
        let blocked_since = self.blocked_since.load(Relaxed);
        if blocked_since != NEVER {
            return Some((EvictionRank::Stalled, self.instant(blocked_since)));
        }
        self.state().evictable().map(|(rank, since)| (rank, self.instant(since)))
    }

    /// Requests the eviction, for a further connection of a full listener.
    pub(crate) fn request_eviction(&self) {
        self.eviction_requested.store(true, Relaxed);
    }

    pub(crate) fn is_eviction_requested(&self) -> bool {
        self.eviction_requested.load(Relaxed)
    }

    /// Declines the eviction: the connection is busy.
    pub(crate) fn decline_eviction(&self) {
        self.eviction_requested.store(false, Relaxed);
    }

    /// Age at which the connection is closed if nothing happens until then, and the reason.
    pub(crate) fn deadline(&self, limits: &LimitArgs) -> Option<(Age, CloseReason)> {
        let blocked_since = self.blocked_since.load(Relaxed);
        if blocked_since != NEVER {
            return Some((blocked_since + State::age(limits.write_stall), CloseReason::WriteStall));
        }
        if self.state() == State::HeaderArrived {
            let now = self.age(Instant::now());
            self.transition(|state| state.on_partial_header(now));
        }
        let upload_since = || Some(self.upload_since.load(Relaxed)).filter(|since| *since != NEVER);
        let state = self.state();
        state.deadline(limits, if state == State::Request { upload_since() } else { None })
    }

    /// Converts an age to an instant of the runtime's clock.
    pub(crate) fn instant(&self, age: Age) -> Instant {
        self.accepted_at + Duration::from_nanos(age)
    }

    pub(crate) fn state(&self) -> State {
        State::unpack(self.state.load(Relaxed))
    }

    /// Applies an event.
    fn transition(&self, event: impl FnOnce(State) -> State) {
        let state = self.state();
        let next = event(state);
        if next != state {
            self.set(next);
        }
    }

    fn set(&self, state: State) {
        self.state.store(state.pack(), Relaxed);
    }

    fn age(&self, now: Instant) -> Age {
        State::age(now.saturating_duration_since(self.accepted_at))
    }
}

#[cfg(test)]
mod tests;
