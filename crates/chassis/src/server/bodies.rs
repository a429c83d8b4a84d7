//! Bodies that tell the connection's [`Phase`] when they are over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::Instant;

use super::phase::Phase;

/// The body of an answer. hyper drops it after the last frame, and so it says when it ends.
pub(super) struct Download {
    body: Body,
    phase: Arc<Phase>,
}

impl Download {
    pub(super) fn new(body: Body, phase: Arc<Phase>) -> Self {
        Self { body, phase }
    }
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.phase.request_ends(Instant::now());
    }
}

/// The body of a request.
pub(super) struct Upload {
    body: Incoming,
    /// Whether the connection knows that it is over. A body may be held until the next request has begun, and says nothing of itself
    /// any more then.
    is_over: bool,
    has_trailer: bool,
    phase: Arc<Phase>,
}

impl Upload {
    pub(super) fn new(body: Incoming, phase: Arc<Phase>) -> Self {
        let is_over = body.is_end_stream();
        if !is_over {
            // Without a known length it is chunked.
            phase.upload_begins(body.size_hint().exact().is_none());
        }
        Self { body, is_over, has_trailer: false, phase }
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
        if frame.is_none() && !self.is_over {
            self.is_over = true;
            self.phase.upload_ends(self.has_trailer);
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
        if self.is_over {
            return;
        }
        if self.body.is_end_stream() {
            self.phase.upload_ends(self.has_trailer);
        } else {
            self.phase.upload_left();
        }
    }
}
