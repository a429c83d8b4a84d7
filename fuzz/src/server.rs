//! A server in memory that records the requests which reach its routes.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::IntoResponse as _;
use chassis::fuzzing::InMemory;
use chassis::{FastPath, FastResponse, StaticResponse};
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt as _;

/// Separates the parts of an input, of which the server reads one at a time.
const SEPARATOR: u8 = 0x1f;

/// Paths that begin with it are not in memory.
const NOT_IN_MEMORY: &str = "/slow";

/// A request that reached the routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Not known of a request that was answered from memory.
    pub(crate) host: Option<Vec<u8>>,
    /// Nothing where the body could not be read to its end.
    pub(crate) body: Option<Vec<u8>>,
}

/// A conversation as both sides saw it.
pub(crate) struct Conversation {
    pub(crate) served: Vec<Served>,
    pub(crate) answers: Vec<u8>,
}

pub(crate) struct Server {
    listener: InMemory,
    served: Log,
}

type Log = Arc<Mutex<Vec<Served>>>;

impl Server {
    /// A server with or without a fast path; both give the same answers.
    pub(crate) fn new(has_fast_path: bool) -> Self {
        let served = Log::default();
        let router = Router::new().fallback({
            let served = Arc::clone(&served);
            move |request| answer(request, Arc::clone(&served))
        });
        let make = has_fast_path.then(|| {
            let served = Arc::clone(&served);
            move || Memory(Arc::clone(&served))
        });
        let listener = InMemory::new(router, make).expect("a runtime can be started");
        Self { listener, served }
    }

    /// Has a client send `input`, part by part.
    pub(crate) fn converse(&self, input: &[u8]) -> Conversation {
        let parts = input.split(|byte| *byte == SEPARATOR).filter(|part| !part.is_empty());
        let answers = self.listener.answer(parts);
        Conversation { served: std::mem::take(&mut *lock(&self.served)), answers }
    }
}

/// The bytes that a client sends in all parts of `input`.
pub(crate) fn sent(input: &[u8]) -> Vec<u8> {
    input.iter().copied().filter(|byte| *byte != SEPARATOR).collect()
}

struct Memory(Log);

impl FastPath for Memory {
    fn get(&mut self, path: &str) -> Option<FastResponse> {
        if path.starts_with(NOT_IN_MEMORY) {
            return None;
        }
        lock(&self.0).push(Served {
            method: "GET".to_owned(),
            target: path.to_owned(),
            host: None,
            body: Some(Vec::new()),
        });
        Some(FastResponse { route: 0, response: fixed_answer() })
    }
}

async fn answer(request: Request<Body>, log: Log) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.ok().map(|body| body.to_bytes().to_vec());
    lock(&log).push(Served {
        method: head.method.as_str().to_owned(),
        target: head.uri.to_string(),
        host: head.headers.get(HOST).map(|host| host.as_bytes().to_vec()),
        body,
    });
    fixed_answer().into_response()
}

fn fixed_answer() -> StaticResponse {
    static HEADERS: [(HeaderName, HeaderValue); 1] = [(CONTENT_TYPE, HeaderValue::from_static("text/plain"))];
    StaticResponse { status: StatusCode::OK, headers: &HEADERS, body: Bytes::from_static(b"body\r\n") }
}

fn lock(log: &Log) -> std::sync::MutexGuard<'_, Vec<Served>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}
