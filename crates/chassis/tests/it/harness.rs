//! A server with two listeners and routes that can be held, break, or answer too much.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::routing::{any, get, post};
use chassis::shutdown::{Aborted, Trigger};
use chassis::telemetry::Telemetry;
use chassis::{
    Builder, DrainArgs, DrainReport, Health, LimitArgs, Listener, Problem, StaticResponse, probes, shutdown,
};
#[cfg(feature = "fast-path")]
use chassis::{FastPath, FastResponse};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::channel::Channel;
use test_support::http::raw::{self, Client};
use test_support::wait::within;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::telemetry::query_all_subscribers;

/// Text that no client may ever read.
pub(crate) const INTERNALS: &str = "password=hunter2";

static PAGE: [u8; 64 << 10] = [b'x'; 64 << 10];

/// Maximum time of any wait in these tests.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A drain that does not wait for anything.
pub(crate) fn at_once() -> DrainArgs {
    DrainArgs { min: ms(0), quiet: ms(0), accept_max: ms(0), requests_max: ms(10_000) }
}

/// Holds the requests of `/held` until opened.
#[derive(Clone)]
pub(crate) struct Gate {
    entered: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { entered: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) }
    }

    /// Waits until one more request is held.
    pub(crate) async fn entered(&self) {
        within(DEADLINE, "a request at the gate", self.entered.acquire())
            .await
            .expect("never closed")
            .forget();
    }

    pub(crate) fn open(&self) {
        self.open.add_permits(1);
    }
}

pub(crate) struct Server {
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) gate: Gate,
    pub(crate) trigger: Trigger,
    served: JoinHandle<Result<DrainReport, Aborted>>,
}

impl Server {
    pub(crate) async fn start(drain: DrainArgs, limits: LimitArgs) -> Self {
        Self::start_with_telemetry(drain, limits, Telemetry::silent().expect("a thread can be started")).await
    }

    /// Starts a server that records its requests in `telemetry`.
    pub(crate) async fn start_with_telemetry(
        drain: DrainArgs,
        limits: LimitArgs,
        telemetry: Telemetry,
    ) -> Self {
        query_all_subscribers();
        let gate = Gate::new();
        let health = Health::new();
        let ends = health.clone();
        let public = routes(gate.clone())
            .route("/below/readyz", probes::readyz(health.clone()))
            .route("/readyz", probes::readyz(health.clone()))
            .route("/stream", get(async move || stream(ends.drain_requested())));
        let public = Listener::traffic("public", LOOPBACK, public).probes(["/readyz"]);
        #[cfg(feature = "fast-path")]
        let public = public.fast_path(["/memory", "/both"], || Memory);
        let bound = Builder::new(drain, limits, health.clone(), telemetry)
            .listener(public)
            .listener(Listener::internal("admin", LOOPBACK, probes::router(health.clone())))
            .bind()
            .await
            .expect("port 0 can always be had");
        let (trigger, signals) = shutdown::channel();
        let [public, admin] = ["public", "admin"].map(|name| bound.address(name).expect("a listener"));
        let served = tokio::spawn(bound.serve(signals));
        health.mark_started();
        health.mark_ready();
        Self { public, admin, gate, trigger, served }
    }

    /// Sends the first stop signal and waits until the server has taken it.
    pub(crate) async fn begin_drain(&self) {
        self.trigger.send("SIGTERM");
        within(DEADLINE, "readiness to end", async {
            while raw::get(self.admin, "/readyz").await.status == 200 {}
        })
        .await;
    }

    pub(crate) async fn refuses_traffic(&self) {
        within(DEADLINE, "the public listener to close", async {
            while Client::try_connect(self.public).await.is_ok() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(crate) async fn ended(self) -> Result<DrainReport, Aborted> {
        within(DEADLINE, "the drain", self.served).await.expect("no panic")
    }

    pub(crate) async fn stop(self) -> DrainReport {
        self.trigger.send("SIGTERM");
        self.ended().await.expect("one signal only")
    }
}

/// Answers one path differently from the router, and one as the router does.
#[cfg(feature = "fast-path")]
pub(crate) struct Memory;

#[cfg(feature = "fast-path")]
impl FastPath for Memory {
    fn get(&mut self, path: &str) -> Option<FastResponse> {
        match path {
            "/memory" => Some(FastResponse { route: 0, response: in_memory(b"from memory") }),
            "/both" => Some(FastResponse { route: 1, response: both() }),
            _ => None,
        }
    }
}

fn in_memory(body: &'static [u8]) -> StaticResponse {
    StaticResponse { status: StatusCode::OK, headers: &[], body: Bytes::from_static(body) }
}

/// A response with every part that a static response can have.
fn both() -> StaticResponse {
    static HEADERS: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    StaticResponse {
        status: StatusCode::IM_A_TEAPOT,
        headers: &HEADERS,
        ..in_memory(b"[\"short and stout\"]")
    }
}

pub(crate) fn routes(gate: Gate) -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/memory", get(async || "from the router"))
        .route("/both", get(async || both()))
        .route("/items/{id}", get(async || "item"))
        .route("/large", get(async || Bytes::from(vec![b'x'; 64 << 20])))
        .route("/page", get(async || Bytes::from_static(&PAGE)))
        .route("/echo", post(async |body: Bytes| body))
        .route("/host", any(async |headers: HeaderMap| host(&headers)))
        .route("/unread", any(async || "not read"))
        .route("/streamed", post(async |request: Request| request.into_body()))
        .route("/panic", get(panics))
        .route("/broken", get(async || Problem::new(StatusCode::BAD_GATEWAY).detail(INTERNALS)))
        .route("/broken-text", get(async || (StatusCode::INTERNAL_SERVER_ERROR, INTERNALS)))
        .route("/wrong", get(async || Problem::new(StatusCode::CONFLICT).detail("say something else")))
        .route("/held", get(async move || held(&gate).await))
        .fallback_service(told())
}

/// Routes behind a service of the app, which reports the route that matched.
fn told() -> Router {
    let tell = async |request: Request, next: Next| {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let mut response = next.run(request).await;
        route.map(|route| response.extensions_mut().insert(route));
        response
    };
    Router::new().route("/told/{id}", get(async || "told")).layer(from_fn(tell))
}

/// Sends one word, and ends when the drain requests it.
fn stream(closing: impl Future<Output = ()> + Send + 'static) -> Body {
    let (mut sender, body) = Channel::<Bytes>::new(1);
    tokio::spawn(async move {
        if sender.send_data(Bytes::from_static(b"begun")).await.is_ok() {
            closing.await;
        }
    });
    Body::new(body)
}

async fn panics() -> &'static str {
    panic!("{INTERNALS}")
}

async fn held(gate: &Gate) -> &'static str {
    gate.entered.add_permits(1);
    gate.open.acquire().await.expect("never closed").forget();
    "released"
}

fn host(headers: &HeaderMap) -> String {
    headers.get_all("host").iter().map(|host| host.to_str().expect("text")).collect()
}
