//! Entry point of the fuzz targets: a listener whose clients are byte strings. Only built with `--cfg fuzzing`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::connection::Shared;
use super::conversation::Conversation;
use super::fast_path::{FastPath, FastRoutes};
use super::phase::Phase;
use super::requests::Requests;
use super::stack;
use super::stage::Stage;

/// A listener without a socket.
pub struct InMemory {
    shared: Arc<Shared>,
    stage: watch::Sender<Stage>,
    runtime: Runtime,
}

impl InMemory {
    /// Serves `router` behind the whole stack, with the fast path `make` for each connection where there is one.
    ///
    /// # Errors
    /// No runtime can be started.
    pub fn new<P: FastPath + 'static>(
        router: Router,
        make: Option<impl Fn() -> P + Send + Sync + 'static>,
    ) -> io::Result<Self> {
        let silent = Shared::silent();
        let settings = stack::Settings {
            observer: Arc::clone(&silent.observer),
            handler_time: silent.limits.handler_time,
            body_bytes: silent.limits.body_bytes,
            counters: Arc::clone(&silent.counters),
        };
        let fast =
            make.map(|make| FastRoutes { routes: vec!["/"], make: Box::new(move || Box::new(make())) });
        let shared = Shared { router: stack::wrap(router, settings), fast, ..silent };
        let runtime = Builder::new_current_thread().enable_time().build()?;
        Ok(Self { shared: Arc::new(shared), stage: watch::Sender::new(Stage::Serving), runtime })
    }

    /// All bytes that a client reads which sends `parts` one after the other and then closes its side.
    pub fn answer<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let read = Arc::default();
        let client = Client {
            parts: parts.into_iter().map(<[u8]>::to_vec).collect(),
            has_paused: false,
            read: Arc::clone(&read),
        };
        let requests =
            Requests::new(Arc::clone(&self.shared), Arc::new(Phase::new()), self.stage.subscribe());
        let mut conversation = Conversation::new(client, requests);
        self.runtime.block_on(poll_fn(|cx| conversation.poll(cx)));
        drop(conversation);
        std::mem::take(&mut *read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The client's side of a connection.
struct Client {
    parts: VecDeque<Vec<u8>>,
    /// Whether the server has had its turn since the last part.
    has_paused: bool,
    read: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.has_paused {
            self.has_paused = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(part) = self.parts.front_mut() {
            let length = part.len().min(buffer.remaining());
            buffer.put_slice(&part[..length]);
            part.drain(..length);
            if part.is_empty() {
                self.parts.pop_front();
                self.has_paused = false;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Client {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
