//! Driver of a connection that switches between the fast path and hyper.

use std::mem::replace;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::reader::{FastPathReader, ReadOutcome};
use crate::server::connection::driver::{ConnectionDriver, HyperDriver};
use crate::server::connection::tracker::ConnectionState;
use crate::server::http::requests::Requests;

/// Connection that [`FastPathReader`] reads while it waits, and hyper while there is a request that is not in memory.
pub(crate) struct FastDriver<S> {
    reader: Reader<S>,
    state: Arc<ConnectionState>,
    is_shutting_down: bool,
}

enum Reader<S> {
    Fast(FastPathReader<S>),
    Hyper(HyperDriver<S>),
    /// Between the two, and at the end.
    None,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> FastDriver<S> {
    pub(crate) fn new(stream: S, requests: Requests) -> Self {
        let state = Arc::clone(requests.state());
        let reader = FastPathReader::new(stream, requests, Bytes::new());
        Self { reader: Reader::Fast(reader), state, is_shutting_down: false }
    }

    /// Leaves `ahead`, and the bytes after it, to hyper.
    fn switch_to_hyper(&mut self, ahead: Bytes) {
        let Reader::Fast(reader) = replace(&mut self.reader, Reader::None) else { return };
        let (stream, requests) = reader.into_parts();
        self.reader = Reader::Hyper(HyperDriver::new(stream, ahead, requests));
    }

    /// Takes the connection back from hyper, once all requests that hyper has read are answered.
    fn switch_to_fast_path(&mut self) {
        let Reader::Hyper(hyper) = replace(&mut self.reader, Reader::None) else { return };
        let (stream, requests, ahead) = hyper.into_parts();
        if !ahead.is_empty() {
            // A request is arriving, also for a drain that begins during this very poll.
            self.state.bytes_received();
        }
        self.reader = Reader::Fast(FastPathReader::new(stream, requests, ahead));
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> ConnectionDriver for FastDriver<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.reader {
                Reader::Fast(reader) => match ready!(reader.poll(cx)) {
                    ReadOutcome::Ended => return Poll::Ready(()),
                    ReadOutcome::ForHyper(bytes) => self.switch_to_hyper(bytes),
                },
                Reader::Hyper(hyper) => {
                    if hyper.poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                    if self.is_shutting_down || !self.state.is_at_rest() {
                        return Poll::Pending;
                    }
                    self.switch_to_fast_path();
                    if matches!(&self.reader, Reader::Fast(reader) if reader.has_bytes()) {
                        // A client that sends many requests at once waits for its next turn behind all others.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Reader::None => return Poll::Ready(()),
            }
        }
    }

    fn shut_down(&mut self) {
        self.is_shutting_down = true;
        match &mut self.reader {
            Reader::Fast(reader) => reader.shut_down(),
            Reader::Hyper(hyper) => hyper.shut_down(),
            Reader::None => {}
        }
    }
}
