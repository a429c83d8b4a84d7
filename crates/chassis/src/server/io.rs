//! A socket that tells the connection's [`Phase`] what passes through it between hyper and the client.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Shared;
use super::phase::Phase;
use super::substitute::{Substitute, may_be_refusal};

pub(super) struct Observed<S> {
    stream: S,
    /// Read before hyper came, and not read by it yet.
    ahead: Bytes,
    phase: Arc<Phase>,
    shared: Arc<Shared>,
    substitute: Option<Substitute>,
}

impl<S> Observed<S> {
    pub(super) fn new(stream: S, ahead: Bytes, phase: Arc<Phase>, shared: Arc<Shared>) -> Self {
        Self { stream, ahead, phase, shared, substitute: None }
    }

    /// The socket, and what has been read of it and was not read by hyper.
    pub(super) fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.ahead)
    }

    /// Whether `bytes` are hyper's own answer to what it cannot parse, in whose place ours goes out.
    fn substitutes(&mut self, bytes: &[u8]) -> bool {
        if self.substitute.is_none() && may_be_refusal(bytes) && !self.phase.owes_answer() {
            self.substitute = Substitute::of(bytes, &self.shared);
        }
        self.substitute.is_some()
    }

    fn note_write<T>(&self, result: &Poll<io::Result<T>>) {
        match result {
            Poll::Pending => self.phase.write_blocks(),
            Poll::Ready(_) => self.phase.write_moves(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Observed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(length));
            self.phase.bytes_came();
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.phase.bytes_came();
        }
        result
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Observed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = if self.substitutes(buf) {
            self.poll_substitute(cx, buf.len())
        } else {
            Pin::new(&mut self.stream).poll_write(cx, buf)
        };
        self.note_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // hyper's own answer has no body, so it comes as one slice.
        let result = match bufs {
            [head] if self.substitutes(head) => self.poll_substitute(cx, head.len()),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, bufs),
        };
        self.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.phase.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.phase.must_linger() { self.poll_discard(cx) } else { Poll::Ready(Ok(())) }
    }
}

impl<S: AsyncRead + Unpin> Observed<S> {
    /// Reads and forgets until the peer closes too.
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

impl<S: AsyncWrite + Unpin> Observed<S> {
    /// Writes all of ours before it says that hyper's `length` bytes are written. Until then hyper comes with the same
    /// bytes again.
    fn poll_substitute(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        while let Some(substitute) =
            self.substitute.as_mut().filter(|substitute| !substitute.rest().is_empty())
        {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, substitute.rest()))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => substitute.advance(written),
            }
        }
        self.substitute = None;
        // The rest of what could not be parsed is still under way.
        self.phase.upload_left();
        Poll::Ready(Ok(length))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::{Observed, Phase, Shared};

    const HEAD: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    /// What a client gets when `HEAD` is written through a socket that takes a few bytes at a time.
    async fn received(phase: Phase) -> String {
        let (server, mut client) = duplex(7);
        let mut observed = Observed::new(server, Bytes::new(), Arc::new(phase), Arc::new(Shared::silent()));
        let write = async {
            observed.write_all(HEAD).await.expect("the client reads");
            drop(observed);
        };
        let mut text = String::new();
        let read = async { client.read_to_string(&mut text).await.expect("text") };
        tokio::join!(write, read);
        text
    }

    #[tokio::test]
    async fn hypers_own_answer_is_replaced_whole_however_few_bytes_the_socket_takes() {
        let text = received(Phase::new()).await;
        let (head, document) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", document.len())), "{text}");
        assert!(document.starts_with("{\"type\"") && document.ends_with("}\n"), "{text}");
    }

    #[tokio::test]
    async fn an_answer_of_ours_that_looks_the_same_passes_as_it_is() {
        let phase = Phase::new();
        phase.request_begins();
        phase.request_ends(tokio::time::Instant::now());
        assert_eq!(received(phase).await.as_bytes(), HEAD);
    }
}
