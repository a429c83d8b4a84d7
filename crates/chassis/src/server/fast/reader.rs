//! Reader of a connection in place of hyper: waits for requests, answers those whose responses are in memory, and leaves the
//! bytes of all others to hyper.
//!
//! A connection waits for most of its life, and needs only a socket for that.

use std::cell::RefCell;
use std::io;
use std::mem::{MaybeUninit, take};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::path::{FastPath, FastResponse};
use super::render::{PreparedResponse, render};
use super::simple_get::SimpleGet;
use crate::server::http::requests::Requests;

/// Maximum length of a request; a longer one is hyper's. The buffer is on the stack, which the processor's cache holds
/// whichever connection is served.
const READ_BUFFER_BYTES: usize = 4096;

/// Maximum memory that the response buffer of a thread retains.
const MAX_RETAINED_BYTES: usize = 16 << 10;

thread_local! {
    /// Response buffer of one thread, reused for all of its connections.
    static RESPONSE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A connection that hyper does not read.
pub(crate) struct FastPathReader<S> {
    stream: S,
    requests: Requests,
    source: Option<Box<dyn FastPath>>,
    /// Bytes that were read and not answered.
    ahead: Bytes,
    /// Rest of a response that the client has not read yet.
    unsent: Bytes,
    is_shutting_down: bool,
}

/// Outcome of [`FastPathReader::poll`].
pub(crate) enum ReadOutcome {
    Ended,
    /// Bytes that were received, and that hyper has to read.
    ForHyper(Bytes),
}

impl<S: AsyncRead + AsyncWrite + Unpin> FastPathReader<S> {
    /// `ahead` was received from `stream`, and not read by hyper.
    pub(crate) fn new(stream: S, requests: Requests, ahead: Bytes) -> Self {
        let source = requests.listener().fast.as_ref().map(|fast| fast.source());
        Self { stream, requests, source, ahead, unsent: Bytes::new(), is_shutting_down: false }
    }

    /// True if there are bytes to answer without waiting for the client.
    pub(crate) fn has_bytes(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Ends the connection once the current response is sent.
    pub(crate) fn shut_down(&mut self) {
        self.is_shutting_down = true;
    }

    pub(crate) fn into_parts(self) -> (S, Requests) {
        (self.stream, self.requests)
    }

    /// Reads and answers. An error is a broken connection: it has no client to respond to.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ReadOutcome> {
        self.try_poll(cx).map(|outcome| outcome.unwrap_or(ReadOutcome::Ended))
    }

    fn try_poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ReadOutcome>> {
        loop {
            ready!(self.send_rest(cx))?;
            if self.is_shutting_down {
                return Poll::Ready(Ok(ReadOutcome::Ended));
            }
            if self.has_bytes() {
                let ahead = take(&mut self.ahead);
                if !self.respond(cx, &ahead)? {
                    return Poll::Ready(Ok(ReadOutcome::ForHyper(ahead)));
                }
                continue;
            }
            let mut buffer = [const { MaybeUninit::uninit() }; READ_BUFFER_BYTES];
            let mut buffer = ReadBuf::uninit(&mut buffer);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let bytes = buffer.filled();
            if bytes.is_empty() {
                return Poll::Ready(Ok(ReadOutcome::Ended));
            }
            if !self.respond(cx, bytes)? {
                return Poll::Ready(Ok(ReadOutcome::ForHyper(Bytes::copy_from_slice(bytes))));
            }
        }
    }

    /// Prepares the response to the request in `bytes`. `None` leaves them to hyper; then nothing has been recorded.
    fn prepare(&mut self, bytes: &[u8]) -> Option<PreparedResponse> {
        let source = self.source.as_mut()?;
        let begun = Instant::now();
        let listener = self.requests.listener();
        let SimpleGet { path, headers, is_last } = SimpleGet::parse(bytes, &listener.limits)?;
        let FastResponse { route, response } = source.get(path)?;
        self.requests.count_traffic(path, begun);
        let fast = listener.fast.as_ref()?;
        let (id, at) = fast.record(&headers, begun, route, response.status);
        // Once the drain has begun, every response is the last of its connection.
        let is_last = is_last || self.requests.is_draining();
        Some(PreparedResponse { response, id, at, is_last })
    }

    /// Sends the response to `bytes` and returns true, if it is in memory. Otherwise nothing has happened.
    fn respond(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<bool> {
        let Some(prepared) = self.prepare(bytes) else { return Ok(false) };
        self.is_shutting_down |= prepared.is_last;
        RESPONSE.with_borrow_mut(|text| {
            render(text, &prepared);
            let at = prepared.at.into();
            let sent = match Pin::new(&mut self.stream).poll_write(cx, text) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => 0,
            };
            let state = self.requests.state();
            if sent == text.len() {
                state.request_finished(at);
            } else {
                state.response_ready(at);
                self.unsent = Bytes::copy_from_slice(&text[sent..]);
            }
            text.clear();
            text.shrink_to(MAX_RETAINED_BYTES);
            Ok(true)
        })
    }

    fn send_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let state = self.requests.state();
            match Pin::new(&mut self.stream).poll_write(cx, &self.unsent) {
                Poll::Ready(sent) => {
                    state.write_progressed();
                    // A socket accepts none of a non-empty buffer only if it is broken.
                    let sent = sent?;
                    if sent == 0 {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                    self.unsent = self.unsent.split_off(sent);
                    if self.unsent.is_empty() {
                        state.flushed();
                    }
                }
                Poll::Pending => {
                    state.write_blocked();
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
