//! Bodies that tell the connection's [`Phase`] when they are over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::Instant;

use super::phase::Phase;

/// The body of an answer. hyper drops it after the last frame.
pub(super) enum Download {
    /// Bytes that were ready, see [`Phase::answer_ready`]; empty once they are sent.
    Ready(Bytes),
    Routed(Routed),
}

/// Says when it ends.
pub(super) struct Routed {
    body: Body,
    phase: Arc<Phase>,
}

impl Download {
    pub(super) fn routed(body: Body, phase: Arc<Phase>) -> Self {
        Self::Routed(Routed { body, phase })
    }
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Ready(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Ready(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Routed(Routed { body, .. }) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Ready(bytes) => bytes.is_empty(),
            Self::Routed(Routed { body, .. }) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ready(bytes) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Self::Routed(Routed { body, .. }) => body.size_hint(),
        }
    }
}

impl Drop for Routed {
    fn drop(&mut self) {
        self.phase.request_ends(Instant::now());
    }
}

/// The body of a request.
pub(super) struct Upload {
    body: Incoming,
    is_over: bool,
    has_trailer: bool,
    phase: Arc<Phase>,
}

impl Upload {
    pub(super) fn new(body: Incoming, phase: Arc<Phase>) -> Self {
        if !body.is_end_stream() {
            phase.upload_begins();
            // Without a known length it is chunked.
            phase.set_end_in_doubt(body.size_hint().exact().is_none());
        }
        Self { body, is_over: false, has_trailer: false, phase }
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.has_trailer |= matches!(&frame, Some(Ok(frame)) if frame.is_trailers());
        self.is_over = frame.is_none();
        if self.is_over {
            self.phase.upload_ends();
            self.phase.set_end_in_doubt(self.has_trailer);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.phase.upload_ends();
        if !self.is_over && !self.body.is_end_stream() {
            self.phase.upload_left();
        }
    }
}
