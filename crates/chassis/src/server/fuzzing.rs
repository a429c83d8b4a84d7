//! Entry point of the fuzz targets: a listener whose clients are byte strings. Only built with `--cfg fuzzing`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::connection::driver::ConnectionDriver;
use super::connection::tracker::ConnectionState;
use super::drain::stage::Stage;
use super::fast::driver::FastDriver;
use super::fast::path::{FastPath, FastRoutes};
use super::fast::record::FastListener;
use super::http::middleware;
use super::http::requests::Requests;
use super::listener::ListenerState;
use super::record::request::RequestRecorder;
use crate::telemetry::Telemetry;

/// A listener without a socket.
pub struct InMemory {
    state: Arc<ListenerState>,
    stage: watch::Sender<Stage>,
    runtime: Runtime,
}

impl InMemory {
    /// Serves `router` behind the whole middleware. Each connection has the fast path that `make` returns, if it is given.
    ///
    /// # Errors
    /// Error of the operating system if no runtime can be started.
    pub fn new<P: FastPath + 'static>(
        router: Router,
        make: Option<impl Fn() -> P + Send + Sync + 'static>,
    ) -> io::Result<Self> {
        let silent = ListenerState::silent();
        let recorder = Arc::new(RequestRecorder::new(silent.name, Telemetry::silent()?));
        let settings = middleware::Settings {
            recorder: Arc::clone(&recorder),
            handler_time: silent.limits.handler_time,
            body_bytes: silent.limits.body_bytes,
            counters: Arc::clone(&silent.counters),
        };
        let fast = make.map(|make| {
            let routes = FastRoutes { routes: vec!["/"], make: Box::new(move || Box::new(make())) };
            FastListener::new(routes, recorder)
        });
        let state = ListenerState { router: middleware::wrap(router, settings), fast, ..silent };
        let runtime = Builder::new_current_thread().enable_time().build()?;
        Ok(Self { state: Arc::new(state), stage: watch::Sender::new(Stage::Serving), runtime })
    }

    /// Returns all bytes that a client reads if it sends `parts` one after the other and then closes its side.
    pub fn answer<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let read = Arc::default();
        let client = Client {
            parts: parts.into_iter().map(<[u8]>::to_vec).collect(),
            has_paused: false,
            read: Arc::clone(&read),
        };
        let (state, peer) = (Arc::new(ConnectionState::new()), SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let requests = Requests::new(Arc::clone(&self.state), state, self.stage.subscribe(), peer);
        let mut driver = FastDriver::new(client, requests);
        self.runtime.block_on(poll_fn(|cx| driver.poll(cx)));
        drop(driver);
        std::mem::take(&mut *read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Client's side of a connection.
struct Client {
    parts: VecDeque<Vec<u8>>,
    /// True if the server was polled since the last part.
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
