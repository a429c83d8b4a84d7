//! The requests of one connection: counted, and answered from memory or by the router.

use std::cell::Cell;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody as _};
use http::header::{CONNECTION, HeaderValue};
use http::{HeaderMap, Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::Service;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::Role;
use super::bodies::{Download, Upload};
use super::connection::Shared;
use super::counters::count;
use super::exchange::Told;
use super::fast_path::{FastAnswer, FastPath, MemoryAnswer};
use super::phase::Phase;
use super::plain::Plain;
use super::refusal::Refusal;
use super::stage::Stage;
use super::{framing, targets};
use crate::RequestId;

/// Belongs to one connection task, which asks it for one answer after the other.
pub(super) struct Requests {
    shared: Arc<Shared>,
    phase: Arc<Phase>,
    stage: watch::Receiver<Stage>,
    memory: Option<Box<dyn FastPath>>,
    opened_late: bool,
    counted: Cell<bool>,
}

/// A request that was answered from memory, and told of.
pub(super) struct Remembered {
    pub(super) answer: MemoryAnswer,
    pub(super) id: RequestId,
    pub(super) at: Instant,
    /// Whether the connection ends with it.
    pub(super) is_last: bool,
}

impl Requests {
    pub(super) fn new(shared: Arc<Shared>, phase: Arc<Phase>, stage: watch::Receiver<Stage>) -> Self {
        let opened_late = *stage.borrow() >= Stage::Draining;
        let memory = shared.fast.as_ref().map(|fast| (fast.make)());
        Self { shared, phase, stage, memory, opened_late, counted: Cell::new(false) }
    }

    /// The answer to the request that `bytes` are, where it is in memory. None leaves them to hyper.
    pub(super) fn answer_from_memory(&mut self, bytes: &[u8]) -> Option<Remembered> {
        let memory = self.memory.as_mut()?;
        let begun = Instant::now();
        let Plain { path, headers, is_last } = Plain::read(bytes, &self.shared.limits)?;
        let FastAnswer { route, answer } = memory.get(path)?;
        self.note_traffic(path, begun);
        let (id, at) = Told::fast(&self.shared.observer, &headers, begun, route, answer.status);
        // Once the drain has begun, every answer is.
        let is_last = is_last || is_draining(&self.stage);
        Some(Remembered { answer, id, at, is_last })
    }

    fn note_traffic(&self, path: &str, now: Instant) {
        let is_probe = self.shared.probes.iter().any(|probe| path.ends_with(probe));
        if is_probe || self.shared.role == Role::Internal {
            return;
        }
        self.shared.counters.traffic_seen(now);
        if self.opened_late && !self.counted.replace(true) {
            count(&self.shared.counters.late_arrivals);
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn phase(&self) -> &Arc<Phase> {
        &self.phase
    }
}

type Given = Result<Response<Download>, Infallible>;

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Download>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Given> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.phase.request_begins();
        self.note_traffic(request.uri().path(), Instant::now());
        let wish = Wish::of(&request);
        let admission =
            framing::check(&request).and_then(|()| targets::admit(&mut request, &self.shared.limits));
        let request = request.map(|body| Upload::new(body, Arc::clone(&self.phase)));
        match admission {
            Ok(()) => Box::pin(self.route(request, wish)),
            Err(refusal) => Box::pin(self.refuse(request, wish, refusal)),
        }
    }
}

impl Requests {
    fn route(&self, request: Request<Upload>, wish: Wish) -> impl Future<Output = Given> + use<> {
        let (phase, stage) = (Arc::clone(&self.phase), self.stage.clone());
        let routed = self.shared.router.clone().oneshot(request);
        async move {
            let mut response = routed.await?;
            // Once the drain has begun, every answer is the last of its connection; so is one after which it is in doubt
            // where the next request begins.
            if is_draining(&stage) || phase.is_last() || wish.ends_with(response.body()) {
                wish.say_last(&mut response);
            }
            Ok(response.map(|body| Download::new(body, phase)))
        }
    }

    fn refuse(
        &self,
        request: Request<Upload>,
        wish: Wish,
        refusal: Refusal,
    ) -> impl Future<Output = Given> + use<> {
        let (phase, shared) = (Arc::clone(&self.phase), Arc::clone(&self.shared));
        async move {
            phase.upload_left();
            let mut response = refusal.answer(&shared, request.headers()).await;
            wish.say_last(&mut response);
            Ok(response.map(|body| Download::new(body, phase)))
        }
    }
}

/// What a request says of its connection. By HTTP/1.1 a wish for its end is hyper's to follow, which then says so in the
/// answer; by HTTP/1.0 it would end the connection without a word.
#[derive(Clone, Copy)]
struct Wish {
    is_old: bool,
    is_last: bool,
}

impl Wish {
    fn of<B>(request: &Request<B>) -> Self {
        let is_old = request.version() == Version::HTTP_10;
        Self { is_old, is_last: is_old && !is_kept_alive(request.headers()) }
    }

    /// HTTP/1.0 knows the end of a body without a length by the end of the connection.
    fn ends_with(self, body: &Body) -> bool {
        self.is_last || self.is_old && body.size_hint().exact().is_none()
    }

    fn say_last<B>(self, response: &mut Response<B>) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        if self.is_old {
            // Else hyper adds `keep-alive` to it.
            *response.version_mut() = Version::HTTP_10;
        }
    }
}

/// Whether a client of HTTP/1.0 asks for that and for nothing else.
fn is_kept_alive(headers: &HeaderMap) -> bool {
    let mut fields = headers.get_all(CONNECTION).iter();
    let first = fields.next();
    first.is_some_and(|field| field.as_bytes().eq_ignore_ascii_case(b"keep-alive")) && fields.next().is_none()
}

/// The stage never goes back, and a receiver that has not looked at it since the server began tells by one atomic load
/// that it has moved on. A sender that is gone means that the server was aborted.
fn is_draining(stage: &watch::Receiver<Stage>) -> bool {
    stage.has_changed().unwrap_or(true)
}
