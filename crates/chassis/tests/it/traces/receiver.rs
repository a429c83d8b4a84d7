//! A collector that accepts OTLP over HTTP, with configurable replies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use test_support::wait::within;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::{JoinHandle, JoinSet};

use crate::harness::DEADLINE;

#[derive(Clone, Copy)]
pub(crate) enum Reply {
    Taken,
    AllBut(i64),
    Status(u16, Option<&'static str>),
    /// Accepts all spans, but responds after this time.
    Late(Duration),
    Never,
}

pub(crate) struct Export {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) request: ExportTraceServiceRequest,
}

impl Export {
    pub(crate) fn spans(&self) -> Vec<Span> {
        let scopes = self.request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    exports: UnboundedReceiver<Export>,
    task: JoinHandle<()>,
}

struct Script {
    replies: Vec<Reply>,
    n_asked: AtomicUsize,
    exports: UnboundedSender<Export>,
}

impl Receiver {
    /// Answers by `replies` in turn, and by the last of them from then on.
    pub(crate) async fn start(replies: &[Reply]) -> Self {
        Self::start_at(crate::harness::LOOPBACK, replies).await
    }

    pub(crate) async fn start_at(address: SocketAddr, replies: &[Reply]) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (sender, exports) = mpsc::unbounded_channel();
        let script = Script { replies: replies.to_vec(), n_asked: AtomicUsize::new(0), exports: sender };
        Self { address, exports, task: tokio::spawn(accept(listener, Arc::new(script))) }
    }

    pub(crate) async fn export(&mut self) -> Export {
        within(DEADLINE, "an export", self.exports.recv()).await.expect("the receiver runs")
    }

    /// Receives exports until they contained this number of spans.
    pub(crate) async fn spans(&mut self, n_spans: usize) -> Vec<Span> {
        let mut spans = Vec::new();
        while spans.len() < n_spans {
            spans.extend(self.export().await.spans());
        }
        spans
    }

    pub(crate) fn has_no_more(&mut self) -> bool {
        self.exports.try_recv().is_err()
    }

    /// Closes the port and every connection.
    pub(crate) async fn stop(self) -> SocketAddr {
        self.task.abort();
        let _ = self.task.await;
        self.address
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let script = Arc::clone(&script);
        let service = service_fn(move |request| answer(Arc::clone(&script), request));
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    script: Arc<Script>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let request = ExportTraceServiceRequest::decode(body).expect("a message of the protocol");
    let _ = script.exports.send(Export { path: head.uri.to_string(), headers: head.headers, request });
    let turn = script.n_asked.fetch_add(1, Ordering::Relaxed).min(script.replies.len() - 1);
    let mut response = Response::new(Full::default());
    match script.replies[turn] {
        Reply::Taken => *response.body_mut() = message(0),
        Reply::AllBut(n_spans) => *response.body_mut() = message(n_spans),
        Reply::Status(status, retry_after) => {
            *response.status_mut() = status.try_into().expect("a status");
            if let Some(value) = retry_after {
                response.headers_mut().insert("retry-after", value.parse().expect("a header"));
            }
        }
        Reply::Late(time) => {
            tokio::time::sleep(time).await;
            *response.body_mut() = message(0);
        }
        Reply::Never => std::future::pending().await,
    }
    Ok(response)
}

fn message(rejected_spans: i64) -> Full<Bytes> {
    let partial = ExportTracePartialSuccess { rejected_spans, error_message: "too old".to_owned() };
    let partial_success = (rejected_spans > 0).then_some(partial);
    Full::new(ExportTraceServiceResponse { partial_success }.encode_to_vec().into())
}
