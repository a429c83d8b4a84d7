//! Service for the requests of one connection: checks, counts and routes them.

use std::cell::Cell;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody as _};
use axum::extract::ConnectInfo;
use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{HeaderMap, Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper::upgrade::OnUpgrade;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::reject::Rejection;
use super::{framing, targets};
use crate::server::connection::bodies::{Download, Upload};
use crate::server::connection::tracker::ConnectionState;
use crate::server::drain::stage::{Stage, is_draining};
use crate::server::listener::{ListenerState, Role};
use crate::server::record::counters::count;
use crate::trace_context::contains_header;

/// Service for the requests of one connection, called by one task.
pub(crate) struct Requests {
    listener: Arc<ListenerState>,
    state: Arc<ConnectionState>,
    stage: watch::Receiver<Stage>,
    peer: SocketAddr,
    is_late: bool,
    is_counted_late: Cell<bool>,
}

impl Requests {
    pub(crate) fn new(
        listener: Arc<ListenerState>,
        state: Arc<ConnectionState>,
        stage: watch::Receiver<Stage>,
        peer: SocketAddr,
    ) -> Self {
        // An IPv4 client of a listener for both families has an IPv4-mapped address.
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let is_late = *stage.borrow() >= Stage::Draining;
        Self { listener, state, stage, peer, is_late, is_counted_late: Cell::new(false) }
    }

    /// Counts a request as traffic, unless it is a probe or the listener is internal.
    pub(crate) fn count_traffic(&self, path: &str, now: Instant) {
        let is_probe = self.listener.probes.iter().any(|probe| path.ends_with(probe));
        if is_probe || self.listener.role == Role::Internal {
            return;
        }
        self.listener.counters.traffic_seen(now);
        if self.is_late && !self.is_counted_late.replace(true) {
            count(&self.listener.counters.late_arrivals);
        }
    }

    pub(crate) fn listener(&self) -> &Arc<ListenerState> {
        &self.listener
    }

    pub(crate) fn state(&self) -> &Arc<ConnectionState> {
        &self.state
    }

    /// True once every response closes its connection, because the drain has begun.
    #[cfg(feature = "fast-path")]
    pub(crate) fn is_draining(&self) -> bool {
        is_draining(&self.stage)
    }
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Download>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Download>, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.state.request_started();
        self.count_traffic(request.uri().path(), Instant::now());
        let persistence = Persistence::of_request(&request);
        let admission =
            framing::check(&request).and_then(|()| targets::admit(&mut request, &self.listener.limits));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // Without it a handler rejects an upgrade, in place of a switch of protocols that no one performs.
        if contains_header(request.headers(), &UPGRADE) {
            request.extensions_mut().remove::<OnUpgrade>();
        }
        let request = request.map(|body| Upload::new(body, Arc::clone(&self.state)));
        match admission {
            Ok(()) => Box::pin(self.route(request, persistence)),
            Err(rejection) => Box::pin(self.reject(request, persistence, rejection)),
        }
    }
}

impl Requests {
    fn route(
        &self,
        request: Request<Upload>,
        persistence: Persistence,
    ) -> impl Future<Output = Result<Response<Download>, Infallible>> + use<> {
        let (state, stage) = (Arc::clone(&self.state), self.stage.clone());
        let routed = self.listener.router.clone().oneshot(request);
        async move {
            let mut response = routed.await?;
            // Once the drain has begun, every response is the last of its connection; so is one after which the start of the
            // next request is in doubt.
            if is_draining(&stage) || state.must_close() || persistence.ends_with(response.body()) {
                persistence.announce_close(&mut response);
            }
            Ok(response.map(|body| Download::new(body, state)))
        }
    }

    fn reject(
        &self,
        request: Request<Upload>,
        persistence: Persistence,
        rejection: Rejection,
    ) -> impl Future<Output = Result<Response<Download>, Infallible>> + use<> {
        let (state, listener) = (Arc::clone(&self.state), Arc::clone(&self.listener));
        async move {
            state.upload_abandoned();
            let mut response = rejection.respond(&listener, request.headers()).await;
            persistence.announce_close(&mut response);
            Ok(response.map(|body| Download::new(body, state)))
        }
    }
}

/// Persistence that a request asks for. hyper follows `Connection: close` of HTTP/1.1 and says so in the response; for
/// HTTP/1.0 it would close the connection without saying so.
#[derive(Clone, Copy)]
struct Persistence {
    is_http_10: bool,
    is_last: bool,
}

impl Persistence {
    fn of_request<B>(request: &Request<B>) -> Self {
        let is_http_10 = request.version() == Version::HTTP_10;
        Self { is_http_10, is_last: is_http_10 && !is_kept_alive(request.headers()) }
    }

    /// True if the connection ends with a response of this body: HTTP/1.0 detects the end of a body without a length by the
    /// end of the connection.
    fn ends_with(self, body: &Body) -> bool {
        self.is_last || self.is_http_10 && body.size_hint().exact().is_none()
    }

    fn announce_close<B>(self, response: &mut Response<B>) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        if self.is_http_10 {
            // Otherwise hyper adds `keep-alive`.
            *response.version_mut() = Version::HTTP_10;
        }
    }
}

/// True if a client of HTTP/1.0 asks for `keep-alive` and for nothing else.
fn is_kept_alive(headers: &HeaderMap) -> bool {
    let mut fields = headers.get_all(CONNECTION).iter();
    let first = fields.next();
    first.is_some_and(|field| field.as_bytes().eq_ignore_ascii_case(b"keep-alive")) && fields.next().is_none()
}
