//! Drivers of a connection: they read its requests and write its responses.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::io::TrackedStream;
use crate::limits::LimitArgs;
use crate::server::http::requests::Requests;

/// Driver of one connection: the seam between the connection's task and the reader of its bytes.
pub(crate) trait ConnectionDriver {
    /// Drives the connection; ready when it has ended.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ends the connection as soon as no response is pending.
    fn shut_down(&mut self);
}

/// Connection that hyper reads and writes, from the first byte to the last.
pub(crate) struct HyperDriver<S> {
    /// Boxed, since the fast path rarely has one at a time.
    connection: Box<http1::Connection<TokioIo<TrackedStream<S>>, Requests>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> HyperDriver<S> {
    /// `ahead` was read from `stream` before, and is hyper's to parse.
    pub(crate) fn new(stream: S, ahead: Bytes, requests: Requests) -> Self {
        let (state, listener) = (Arc::clone(requests.state()), Arc::clone(requests.listener()));
        let builder = http1(&listener.limits);
        let io = TokioIo::new(TrackedStream::new(stream, ahead, state, listener));
        Self { connection: Box::new(builder.serve_connection(io, requests)) }
    }

    /// Takes the connection back from hyper: the stream, the service, and the bytes that hyper has read ahead. Call it only
    /// if the connection [is at rest](super::tracker::ConnectionState::is_at_rest).
    #[cfg(feature = "fast-path")]
    pub(crate) fn into_parts(self) -> (S, Requests, Bytes) {
        let http1::Parts { io, read_buf, service, .. } = self.connection.into_parts();
        let (stream, unread) = io.into_inner().into_parts();
        let ahead = if unread.is_empty() { read_buf } else { [read_buf, unread].concat().into() };
        (stream, service, ahead)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> ConnectionDriver for HyperDriver<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // An error is a broken connection: it has no client to respond to.
        Pin::new(&mut *self.connection).poll(cx).map(|_| ())
    }

    fn shut_down(&mut self) {
        Pin::new(&mut *self.connection).graceful_shutdown();
    }
}

fn http1(limits: &LimitArgs) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // `tracker.rs` explains why the timer is not hyper's.
        .header_read_timeout(None)
        .max_buf_size(usize::try_from(limits.header_bytes).unwrap_or(usize::MAX))
        .max_headers(usize::from(limits.header_count));
    builder
}
