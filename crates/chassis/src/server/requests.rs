//! The requests of one connection: counted, answered from memory or by the router.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::header::{CONNECTION, HeaderValue};
use http::{Method, Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::Role;
use super::bodies::{Download, Upload};
use super::connection::Shared;
use super::counters::count;
use super::exchange::Told;
use super::fast_path::{FastAnswer, FastPath};
use super::phase::Phase;
use super::refusal::Refusal;
use super::stage::Stage;
use super::{framing, targets};

/// Belongs to one connection task, which asks it for one answer after the other.
pub(super) struct Requests {
    shared: Arc<Shared>,
    phase: Arc<Phase>,
    stage: watch::Receiver<Stage>,
    fast: Option<RefCell<Box<dyn FastPath>>>,
    opened_late: bool,
    counted: Cell<bool>,
}

impl Requests {
    pub(super) fn new(shared: Arc<Shared>, phase: Arc<Phase>, stage: watch::Receiver<Stage>) -> Self {
        let opened_late = *stage.borrow() >= Stage::Draining;
        let fast = shared.fast.as_ref().map(|fast| RefCell::new((fast.make)()));
        Self { shared, phase, stage, fast, opened_late, counted: Cell::new(false) }
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

    /// The answer from memory, where there is one.
    fn answer_fast(&self, request: &Request<Incoming>, begun: Instant) -> Option<Response<Download>> {
        let fast = self.fast.as_ref()?;
        if request.method() != Method::GET || !request.body().is_end_stream() {
            return None;
        }
        let FastAnswer { route, answer } = fast.borrow_mut().get(request.uri().path())?;
        let mut response = answer.into_response_of(Download::Ready);
        let now = Told::fast(&self.shared.observer, request, begun, route, &mut response);
        self.phase.answer_ready(now.into());
        Some(response)
    }
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Download>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        let begun = Instant::now();
        self.phase.request_begins();
        self.note_traffic(request.uri().path(), begun);
        let mut request = request;
        let admission =
            framing::check(&request).and_then(|()| targets::admit(&mut request, &self.shared.limits));
        if admission.is_ok()
            && let Some(response) = self.answer_fast(&request, begun)
        {
            return Answer::Memory(Some(Box::new(marked(response, is_draining(&self.stage)))));
        }
        let request = request.map(|body| Upload::new(body, Arc::clone(&self.phase)));
        match admission {
            Ok(()) => Answer::Later(Box::pin(self.route(request))),
            Err(refusal) => Answer::Later(Box::pin(self.refuse(request, refusal))),
        }
    }
}

type Given = Result<Response<Download>, Infallible>;

impl Requests {
    fn route(&self, request: Request<Upload>) -> impl Future<Output = Given> + use<> {
        let (phase, stage) = (Arc::clone(&self.phase), self.stage.clone());
        let routed = self.shared.router.clone().oneshot(request);
        async move {
            let response = routed.await?;
            let response = response.map(|body| Download::routed(body, Arc::clone(&phase)));
            let is_last = is_draining(&stage) || phase.end_in_doubt();
            Ok(marked(response, is_last))
        }
    }

    fn refuse(&self, request: Request<Upload>, refusal: Refusal) -> impl Future<Output = Given> + use<> {
        let (phase, shared) = (Arc::clone(&self.phase), Arc::clone(&self.shared));
        async move {
            phase.upload_left();
            let response = refusal.answer(&shared, request.headers()).await;
            Ok(response.map(|body| Download::routed(body, phase)))
        }
    }
}

/// The stage never goes back, and a receiver that has not looked at it since the server began tells by one atomic load
/// that it has moved on. A sender that is gone means that the server was aborted.
fn is_draining(stage: &watch::Receiver<Stage>) -> bool {
    stage.has_changed().unwrap_or(true)
}

/// Once the drain has begun, every answer is the last of its connection; so is one after which it is in doubt where the
/// next request begins.
fn marked(mut response: Response<Download>, is_last: bool) -> Response<Download> {
    if is_last {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// An answer on its way.
pub(super) enum Answer {
    /// In a box, since hyper keeps this in memory of the connection, which a busy server's cache has seldom kept; the box is
    /// where the last request's was.
    Memory(Option<Box<Response<Download>>>),
    Later(Pin<Box<dyn Future<Output = Given> + Send>>),
}

impl Future for Answer {
    type Output = Given;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            // Polled again after its end it stays silent, as a fused future does.
            Self::Memory(answer) => answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Ok(*answer))),
            Self::Later(answer) => answer.as_mut().poll(cx),
        }
    }
}
