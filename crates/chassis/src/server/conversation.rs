//! A connection and whoever reads from it: [`Front`] while it waits, hyper while there is a request that is not answered from
//! memory.

use std::mem::replace;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::front::{Front, Left};
use super::io::Observed;
use super::phase::Phase;
use super::requests::Requests;
use crate::LimitArgs;

type Protocol<S> = http1::Connection<TokioIo<Observed<S>>, Requests>;

/// Polled to its end it is over.
pub(super) struct Conversation<S> {
    reader: Reader<S>,
    phase: Arc<Phase>,
    is_leaving: bool,
}

enum Reader<S> {
    Front(Front<S>),
    /// In a box, since few connections have one at a time.
    Hyper(Box<Protocol<S>>),
    /// Between the two, and at the end.
    Nobody,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Conversation<S> {
    pub(super) fn new(stream: S, requests: Requests) -> Self {
        let phase = Arc::clone(requests.phase());
        let front = Front::new(stream, requests, Bytes::new());
        Self { reader: Reader::Front(front), phase, is_leaving: false }
    }

    /// Ends the conversation as soon as no answer is owed.
    pub(super) fn leave(&mut self) {
        self.is_leaving = true;
        match &mut self.reader {
            Reader::Front(front) => front.leave(),
            Reader::Hyper(protocol) => Pin::new(&mut **protocol).graceful_shutdown(),
            Reader::Nobody => {}
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.reader {
                Reader::Front(front) => match ready!(front.poll(cx)) {
                    Left::Over => return Poll::Ready(()),
                    Left::Bytes(bytes) => self.hand_over(bytes),
                },
                Reader::Hyper(protocol) => {
                    // A broken connection is the client's business; there is no one left to tell.
                    if Pin::new(&mut **protocol).poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                    if self.is_leaving || !self.phase.is_at_rest() {
                        return Poll::Pending;
                    }
                    self.take_back();
                    if matches!(&self.reader, Reader::Front(front) if front.has_bytes()) {
                        // A client that sends many requests at once has its next turn after all others.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Reader::Nobody => return Poll::Ready(()),
            }
        }
    }

    /// Leaves `ahead`, and what comes after it, to hyper.
    fn hand_over(&mut self, ahead: Bytes) {
        let Reader::Front(front) = replace(&mut self.reader, Reader::Nobody) else { return };
        let (stream, requests) = front.into_parts();
        let shared = Arc::clone(requests.shared());
        let builder = protocol(&shared.limits);
        let io = Observed::new(stream, ahead, Arc::clone(&self.phase), shared);
        self.reader = Reader::Hyper(Box::new(builder.serve_connection(TokioIo::new(io), requests)));
    }

    /// Lets hyper go, where all requests that it has read are over and answered.
    fn take_back(&mut self) {
        let Reader::Hyper(protocol) = replace(&mut self.reader, Reader::Nobody) else { return };
        let http1::Parts { io, read_buf, service, .. } = protocol.into_parts();
        let (stream, unread) = io.into_inner().into_parts();
        let ahead = if unread.is_empty() { read_buf } else { [read_buf, unread].concat().into() };
        if !ahead.is_empty() {
            // A request is on its way, also for a drain that begins in this very turn.
            self.phase.bytes_came();
        }
        self.reader = Reader::Front(Front::new(stream, service, ahead));
    }
}

fn protocol(limits: &LimitArgs) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // See `Phase` for why the timer is not hyper's.
        .header_read_timeout(None)
        .max_buf_size(usize::try_from(limits.header_bytes).unwrap_or(usize::MAX))
        .max_headers(usize::from(limits.header_count));
    builder
}
