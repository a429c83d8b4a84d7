//! The requests of one connection: counted, answered from memory or by the router.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Method, Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::Role;
use super::bodies::{Download, Upload};
use super::connection::{Shared, Stage};
use super::counters::count;
use super::exchange::Exchange;
use super::fast_path::FastPath;
use super::phase::Phase;

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
        if self.shared.role == Role::Internal || self.shared.probes.contains(&path) {
            return;
        }
        self.shared.counters.traffic_seen(now);
        if self.opened_late && !self.counted.replace(true) {
            count(&self.shared.counters.late_arrivals);
        }
    }

    /// The answer from memory, where there is one.
    fn answer_fast(&self, request: &Request<Incoming>, begun: Instant) -> Option<Response<Bytes>> {
        let fast = self.fast.as_ref()?;
        if request.method() != Method::GET || !request.body().is_end_stream() {
            return None;
        }
        let answer = fast.borrow_mut().get(request.uri().path())?;
        let mut response = answer.response;
        let observer = Arc::clone(&self.shared.observer);
        let exchange = Exchange::begin(observer, request, begun);
        exchange.id().mark(response.headers_mut());
        exchange.answered_fast(answer.route, response.status());
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
        if let Some(response) = self.answer_fast(&request, begun) {
            let response = response.map(|bytes| Download::ready(bytes, Arc::clone(&self.phase)));
            return Answer::Memory(Some(closing(response, *self.stage.borrow())));
        }
        let (phase, stage) = (Arc::clone(&self.phase), self.stage.clone());
        let request = request.map(|body| Upload::new(body, Arc::clone(&phase)));
        let routed = self.shared.router.clone().oneshot(request);
        Answer::Router(Box::pin(async move {
            let response = routed.await?.map(|body| Download::routed(body, phase));
            let reached = *stage.borrow();
            Ok(closing(response, reached))
        }))
    }
}

/// Once the drain has begun, every answer is the last of its connection.
fn closing(mut response: Response<Download>, stage: Stage) -> Response<Download> {
    if stage >= Stage::Draining {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// An answer on its way.
pub(super) enum Answer {
    Memory(Option<Response<Download>>),
    Router(Pin<Box<dyn Future<Output = Result<Response<Download>, Infallible>> + Send>>),
}

impl Future for Answer {
    type Output = Result<Response<Download>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            // Polled again after its end it stays silent, as a fused future does.
            Self::Memory(answer) => answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
            Self::Router(answer) => answer.as_mut().poll(cx),
        }
    }
}
