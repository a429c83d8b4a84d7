//! Bodies that report to the [`ConnectionState`] when they end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::Instant;

use super::tracker::ConnectionState;

/// Body of a response. hyper drops it after the last frame, which ends the request.
pub(crate) struct Download {
    body: Body,
    state: Arc<ConnectionState>,
}

impl Download {
    pub(crate) fn new(body: Body, state: Arc<ConnectionState>) -> Self {
        Self { body, state }
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
        self.state.request_finished(Instant::now());
    }
}

/// Body of a request.
pub(crate) struct Upload {
    body: Incoming,
    /// True once the end was reported. A body may be held until the next request has begun, and must not report anything
    /// then.
    is_reported: bool,
    has_trailer: bool,
    state: Arc<ConnectionState>,
}

impl Upload {
    pub(crate) fn new(body: Incoming, state: Arc<ConnectionState>) -> Self {
        let is_empty = body.is_end_stream();
        if !is_empty {
            // Without a known length it is chunked.
            state.upload_started(body.size_hint().exact().is_none());
        }
        Self { body, is_reported: is_empty, has_trailer: false, state }
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
        if frame.is_none() && !self.is_reported {
            self.is_reported = true;
            self.state.upload_finished(self.has_trailer);
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
        if self.is_reported {
            return;
        }
        if self.body.is_end_stream() {
            self.state.upload_finished(self.has_trailer);
        } else {
            self.state.upload_abandoned();
        }
    }
}
