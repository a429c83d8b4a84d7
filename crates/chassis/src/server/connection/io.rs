//! A stream that reports to the [`ConnectionState`] which bytes pass between hyper and the client.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::tracker::ConnectionState;
use crate::server::http::rewrite::{ErrorResponseRewriter, starts_like_client_error};
use crate::server::listener::ListenerState;

pub(crate) struct TrackedStream<S> {
    stream: S,
    /// Bytes that were read before hyper had the connection, and that hyper has not read yet.
    ahead: Bytes,
    state: Arc<ConnectionState>,
    listener: Arc<ListenerState>,
    rewriter: Option<ErrorResponseRewriter>,
    /// Last bytes received.
    #[cfg(not(feature = "fast-path"))]
    tail: [u8; 3],
}

impl<S> TrackedStream<S> {
    pub(crate) fn new(
        stream: S,
        ahead: Bytes,
        state: Arc<ConnectionState>,
        listener: Arc<ListenerState>,
    ) -> Self {
        Self {
            stream,
            ahead,
            state,
            listener,
            rewriter: None,
            #[cfg(not(feature = "fast-path"))]
            tail: [0; 3],
        }
    }

    /// The stream, and the bytes read ahead that hyper has not read.
    #[cfg(feature = "fast-path")]
    pub(crate) fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.ahead)
    }

    /// Returns true if `bytes` are hyper's own response to a request that it cannot parse, which is rewritten.
    fn rewrites(&mut self, bytes: &[u8]) -> bool {
        if self.rewriter.is_none() && starts_like_client_error(bytes) && !self.state.is_response_pending() {
            self.rewriter = ErrorResponseRewriter::for_head(bytes, &self.listener);
        }
        self.rewriter.is_some()
    }

    /// Reports whether the bytes received so far end with a request header: with an empty line.
    #[cfg(not(feature = "fast-path"))]
    fn report_tail(&mut self, received: &[u8]) {
        for byte in &received[received.len().saturating_sub(self.tail.len())..] {
            self.tail = [self.tail[1], self.tail[2], *byte];
        }
        self.state.header_ended(self.tail == *b"\n\r\n" || self.tail[1..] == *b"\n\n");
    }

    fn report_write<T>(&self, result: &Poll<io::Result<T>>) {
        match result {
            Poll::Pending => self.state.write_blocked(),
            Poll::Ready(_) => self.state.write_progressed(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TrackedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(length));
            self.state.bytes_received();
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.state.bytes_received();
            #[cfg(not(feature = "fast-path"))]
            self.report_tail(&buf.filled()[before..]);
        }
        result
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TrackedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = if self.rewrites(buf) {
            self.poll_rewritten(cx, buf.len())
        } else {
            Pin::new(&mut self.stream).poll_write(cx, buf)
        };
        self.report_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // hyper's own response has no body, so it is one slice.
        let result = match bufs {
            [head] if self.rewrites(head) => self.poll_rewritten(cx, head.len()),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, bufs),
        };
        self.report_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.state.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.state.start_lingering() { self.poll_discard(cx) } else { Poll::Ready(Ok(())) }
    }
}

impl<S: AsyncRead + Unpin> TrackedStream<S> {
    /// Reads and discards until the peer closes too.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> TrackedStream<S> {
    /// Writes the rewritten response whole before it reports hyper's `length` bytes as written. Until then hyper calls again
    /// with the same bytes.
    fn poll_rewritten(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        while let Some(rewriter) = self.rewriter.as_mut().filter(|rewriter| !rewriter.unsent().is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rewriter.unsent()))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => rewriter.advance(written),
            }
        }
        self.rewriter = None;
        // The rest of the request that could not be parsed may still be arriving.
        self.state.upload_abandoned();
        Poll::Ready(Ok(length))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::{ConnectionState, ListenerState, TrackedStream};

    const HEAD: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    /// Text that a client reads when `HEAD` is written to a stream that accepts a few bytes at a time.
    async fn received(state: ConnectionState) -> String {
        let (server, mut client) = duplex(7);
        let listener = Arc::new(ListenerState::silent());
        let mut tracked = TrackedStream::new(server, Bytes::new(), Arc::new(state), listener);
        let write = async {
            tracked.write_all(HEAD).await.expect("the client reads");
            drop(tracked);
        };
        let mut text = String::new();
        let read = async { client.read_to_string(&mut text).await.expect("text") };
        tokio::join!(write, read);
        text
    }

    #[tokio::test]
    async fn hypers_own_response_is_replaced_whole() {
        let text = received(ConnectionState::new()).await;
        let (head, document) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", document.len())), "{text}");
        assert!(document.starts_with("{\"type\"") && document.ends_with("}\n"), "{text}");
    }

    #[tokio::test]
    async fn same_response_of_a_route_is_unchanged() {
        let state = ConnectionState::new();
        state.request_started();
        state.request_finished(tokio::time::Instant::now());
        assert_eq!(received(state).await.as_bytes(), HEAD);
    }
}
