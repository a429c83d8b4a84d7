//! What stands in front of hyper: it waits for a connection's requests, answers those whose answers are in memory, and hands
//! the bytes of all others on.
//!
//! A connection spends most of its life waiting, and needs nothing but a socket for that.

mod render;

use std::cell::RefCell;
use std::io;
use std::mem::{MaybeUninit, take};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::requests::Requests;

/// A request that is longer is hyper's. The room is on the stack, which the processor's cache holds whatever connection is
/// served.
const ROOM: usize = 4096;

/// What an answer may leave in memory.
const KEPT_BYTES: usize = 16 << 10;

thread_local! {
    /// Of one thread, so that its memory is used again.
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A connection while hyper has no part in it.
pub(super) struct Front<S> {
    stream: S,
    requests: Requests,
    /// What was read and not answered.
    ahead: Bytes,
    /// What the client has not taken yet of an answer.
    rest: Bytes,
    is_leaving: bool,
}

/// Why a [`Front`] waits no longer.
pub(super) enum Left {
    Over,
    /// These bytes came, and hyper is to read them.
    Bytes(Bytes),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Front<S> {
    /// `ahead` is what came on `stream` and was not read by hyper.
    pub(super) fn new(stream: S, requests: Requests, ahead: Bytes) -> Self {
        Self { stream, requests, ahead, rest: Bytes::new(), is_leaving: false }
    }

    /// Whether it need not wait for its client to have something to do.
    pub(super) fn has_bytes(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Ends the connection once what was answered is sent.
    pub(super) fn leave(&mut self) {
        self.is_leaving = true;
    }

    pub(super) fn into_parts(self) -> (S, Requests) {
        (self.stream, self.requests)
    }

    /// A connection that breaks is the client's business; there is no one left to tell.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Left> {
        self.turn(cx).map(|left| left.unwrap_or(Left::Over))
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Left>> {
        loop {
            ready!(self.send_rest(cx))?;
            if self.is_leaving {
                return Poll::Ready(Ok(Left::Over));
            }
            if self.has_bytes() {
                let ahead = take(&mut self.ahead);
                if !self.answer(cx, &ahead)? {
                    return Poll::Ready(Ok(Left::Bytes(ahead)));
                }
                continue;
            }
            let mut room = [const { MaybeUninit::uninit() }; ROOM];
            let mut buffer = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let bytes = buffer.filled();
            if bytes.is_empty() {
                return Poll::Ready(Ok(Left::Over));
            }
            if !self.answer(cx, bytes)? {
                return Poll::Ready(Ok(Left::Bytes(Bytes::copy_from_slice(bytes))));
            }
        }
    }

    /// Sends the answer to `bytes`, where it is in memory; else nothing has happened, and false is returned.
    fn answer(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<bool> {
        let Some(remembered) = self.requests.answer_from_memory(bytes) else { return Ok(false) };
        self.is_leaving |= remembered.is_last;
        ANSWER.with_borrow_mut(|text| {
            render::render(text, &remembered);
            let at = remembered.at.into();
            let sent = match Pin::new(&mut self.stream).poll_write(cx, text) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => 0,
            };
            let phase = self.requests.phase();
            if sent == text.len() {
                phase.request_ends(at);
            } else {
                phase.answer_ready(at);
                self.rest = Bytes::copy_from_slice(&text[sent..]);
            }
            text.clear();
            text.shrink_to(KEPT_BYTES);
            Ok(true)
        })
    }

    fn send_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            let phase = self.requests.phase();
            match Pin::new(&mut self.stream).poll_write(cx, &self.rest) {
                Poll::Ready(sent) => {
                    phase.write_moves();
                    // A socket takes nothing of something only once it is broken.
                    let sent = sent?;
                    if sent == 0 {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                    self.rest = self.rest.split_off(sent);
                    if self.rest.is_empty() {
                        phase.flushed();
                    }
                }
                Poll::Pending => {
                    phase.write_blocks();
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::task::Poll;

    use axum::body::Bytes;
    use http::StatusCode;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::sync::watch;

    use super::{Front, Left};
    use crate::server::connection::Shared;
    use crate::server::fast_path::{FastAnswer, FastPath, FastRoutes, MemoryAnswer};
    use crate::server::phase::Phase;
    use crate::server::reasons::Closed;
    use crate::server::requests::Requests;
    use crate::server::stage::Stage;

    const REQUEST: &[u8] = b"GET /memory HTTP/1.1\r\nHost: test\r\n\r\n";

    struct Memory;

    impl FastPath for Memory {
        fn get(&mut self, path: &str) -> Option<FastAnswer> {
            let answer =
                MemoryAnswer { status: StatusCode::OK, headers: &[], body: Bytes::from_static(b"body") };
            (path == "/memory").then_some(FastAnswer { route: 0, answer })
        }
    }

    /// A front that has read a request, with room for so many bytes on their way to its client; and where it stands.
    fn front(room: usize, stage: &watch::Sender<Stage>) -> (Front<DuplexStream>, DuplexStream, Arc<Phase>) {
        let (server, client) = duplex(room);
        let fast = FastRoutes { routes: vec!["/memory"], make: Box::new(|| Box::new(Memory)) };
        let shared = Arc::new(Shared { fast: Some(fast), ..Shared::silent() });
        let phase = Arc::new(Phase::new());
        let requests = Requests::new(shared, Arc::clone(&phase), stage.subscribe());
        (Front::new(server, requests, Bytes::from_static(REQUEST)), client, phase)
    }

    #[tokio::test]
    async fn a_client_that_takes_few_bytes_at_a_time_gets_all_of_an_answer() {
        let stage = watch::Sender::new(Stage::Serving);
        let (mut front, mut client, phase) = front(7, &stage);
        let waits = poll_fn(|cx| Poll::Ready(front.poll(cx).is_pending())).await;
        assert!(waits && phase.is_in_request(), "most of the answer waits for its client");
        let (_, reason) = phase.deadline(&crate::LimitArgs::default()).expect("a deadline");
        assert_eq!(reason, Closed::WriteStall);

        front.leave();
        let serve = async {
            assert!(matches!(poll_fn(|cx| front.poll(cx)).await, Left::Over));
            drop(front);
        };
        let mut text = String::new();
        let read = async { client.read_to_string(&mut text).await.expect("text") };
        tokio::join!(serve, read);
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nbody"), "{text}");
        assert!(phase.is_at_rest());
    }

    #[tokio::test]
    async fn what_is_not_in_memory_is_handed_on_as_it_came() {
        let stage = watch::Sender::new(Stage::Serving);
        let (mut front, mut client, _) = front(1024, &stage);
        let mut answer = [0; 15];
        let read = async {
            client.read_exact(&mut answer).await.expect("the answer to what came before");
            client.write_all(b"GET /other HTTP").await.expect("room");
        };
        let left = tokio::join!(poll_fn(|cx| front.poll(cx)), read).0;
        assert!(matches!(left, Left::Bytes(bytes) if bytes == "GET /other HTTP"));
    }
}
