//! Receives what a service tells about itself and counts it, for `cargo xtask bench http`.
//!
//! `collector ADDRESS PATH...` reads log lines on standard input and OTLP traces (HTTP/1.1, protobuf) on `POST
//! /v1/traces`; `GET /counts` decodes the traces and answers what has come: earlier, the decoding would take the processor from
//! the load that it is shared with. A program of its own, since the decoding of OTLP would be a burden to
//! `xtask`, and the reading of a hundred thousand lines a second needs an optimised build.

use std::convert::Infallible;
use std::error::Error;
use std::io::stdin;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use memchr::memmem;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};

/// Parsing each line would take more of the load's processor than the load itself.
const PARSE_EVERY: u64 = 64;
/// Read at once: few reads of much take less of the load's processor than many of little.
const PIPE_READS: usize = 1 << 18;

/// Shown by `GET /counts`.
#[derive(Debug, Default, Serialize)]
struct Counts {
    lines: AtomicU64,
    /// Lines on a request to one of the paths.
    request_lines: AtomicU64,
    /// Lines that were parsed as JSON: one in [`PARSE_EVERY`].
    parsed_lines: AtomicU64,
    /// Of those, lines that are no JSON object.
    bad_lines: AtomicU64,
    exports: AtomicU64,
    /// Bodies that are no OTLP request.
    bad_exports: AtomicU64,
    spans: AtomicU64,
    /// Spans without ids, a name, a plausible time or a service they belong to.
    bad_spans: AtomicU64,
    /// What was wrong first.
    first_trouble: RwLock<String>,
    #[serde(skip)]
    undecoded: Mutex<Vec<Bytes>>,
}

impl Counts {
    fn undecoded(&self) -> MutexGuard<'_, Vec<Bytes>> {
        self.undecoded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decode(&self) {
        let bodies = std::mem::take(&mut *self.undecoded());
        bodies.into_iter().for_each(|body| self.take(body));
    }

    fn take(&self, body: Bytes) {
        self.exports.fetch_add(1, Relaxed);
        let export = match ExportTraceServiceRequest::decode(body) {
            Ok(export) => export,
            Err(error) => return self.trouble(&self.bad_exports, || error.to_string()),
        };
        for of_resource in export.resource_spans {
            let named = of_resource.resource.as_ref().is_some_and(names_a_service);
            for span in of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans) {
                self.spans.fetch_add(1, Relaxed);
                if !named || !is_whole(&span) {
                    self.trouble(&self.bad_spans, || format!("service named: {named}; {span:?}"));
                }
            }
        }
    }

    fn trouble(&self, counter: &AtomicU64, what: impl FnOnce() -> String) {
        counter.fetch_add(1, Relaxed);
        let mut first = self.first_trouble.write().unwrap_or_else(PoisonError::into_inner);
        if first.is_empty() {
            *first = what();
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let address: SocketAddr = args.next().ok_or("name an address to listen on")?.parse()?;
    let counts = Arc::new(Counts::default());
    let lines = Lines::new(args, Arc::clone(&counts));
    let listener = TcpListener::bind(address).await?;
    std::thread::Builder::new().spawn(move || lines.count(stdin().lock()))?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, Arc::clone(&counts)));
    }
}

/// Counts log lines.
struct Lines {
    request: memmem::Finder<'static>,
    /// The end of the name of the field is enough: `route` and `http.route` both will do.
    routes: Vec<memmem::Finder<'static>>,
    counts: Arc<Counts>,
}

impl Lines {
    fn new(paths: impl Iterator<Item = String>, counts: Arc<Counts>) -> Self {
        let route = |path| memmem::Finder::new(&format!("route\":\"{path}\"")).into_owned();
        Self {
            request: memmem::Finder::new("\"message\":\"request\""),
            routes: paths.map(route).collect(),
            counts,
        }
    }

    /// Until the end, or the first failure, of the pipe: then lines are missing, and the comparison tells.
    fn count(&self, mut pipe: impl std::io::Read) {
        let mut bytes = vec![0; PIPE_READS];
        let mut filled = 0;
        while let Ok(read) = pipe.read(&mut bytes[filled..])
            && read > 0
        {
            filled += read;
            let whole = memchr::memrchr(b'\n', &bytes[..filled]).map_or(0, |newline| newline + 1);
            self.count_block(&bytes[..whole]);
            bytes.copy_within(whole..filled, 0);
            filled -= whole;
            if filled == bytes.len() {
                // Longer than any line of a request.
                filled = 0;
            }
        }
    }

    /// Some whole lines.
    fn count_block(&self, block: &[u8]) {
        let counts = &self.counts;
        let mut begun = 0;
        let (mut lines, mut request_lines) = (counts.lines.load(Relaxed), 0);
        for newline in memchr::memchr_iter(b'\n', block) {
            let line = &block[begun..newline];
            begun = newline + 1;
            if lines.is_multiple_of(PARSE_EVERY) {
                self.parse(line);
            }
            lines += 1;
            let is_request = self.request.find(line).is_some();
            request_lines +=
                u64::from(is_request && self.routes.iter().any(|route| route.find(line).is_some()));
        }
        counts.lines.store(lines, Relaxed);
        counts.request_lines.fetch_add(request_lines, Relaxed);
    }

    fn parse(&self, line: &[u8]) {
        let counts = &self.counts;
        counts.parsed_lines.fetch_add(1, Relaxed);
        if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).is_err() {
            counts.trouble(&counts.bad_lines, || String::from_utf8_lossy(line).into_owned());
        }
    }
}

async fn serve(stream: TcpStream, counts: Arc<Counts>) {
    let service = service_fn(|request| answer(request, &counts));
    // A client that goes away ends its connection and nothing else.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, counts: &Counts) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let (status, media_type, body) = match (head.method, head.uri.path()) {
        (Method::GET, "/counts") => {
            counts.decode();
            match serde_json::to_vec(counts) {
                Ok(json) => (StatusCode::OK, "application/json", json),
                Err(error) => {
                    (StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string().into_bytes())
                }
            }
        }
        // An empty message is the answer that says: all accepted.
        (Method::POST, "/v1/traces") => match body.collect().await {
            Ok(body) => {
                counts.undecoded().push(body.to_bytes());
                (StatusCode::OK, "application/x-protobuf", Vec::new())
            }
            Err(_) => (StatusCode::BAD_REQUEST, "application/x-protobuf", Vec::new()),
        },
        _ => (StatusCode::NOT_FOUND, "text/plain", Vec::new()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(media_type));
    Ok(response)
}

fn names_a_service(resource: &Resource) -> bool {
    resource.attributes.iter().any(|attribute| attribute.key == "service.name" && attribute.value.is_some())
}

fn is_whole(span: &Span) -> bool {
    let is_id = |id: &[u8], length| id.len() == length && id.iter().any(|byte| *byte != 0);
    is_id(&span.trace_id, 16)
        && is_id(&span.span_id, 8)
        && !span.name.is_empty()
        && span.start_time_unix_nano > 0
        && span.end_time_unix_nano >= span.start_time_unix_nano
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::KeyValue;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};

    use super::*;

    fn counted(lines: &str) -> Counts {
        let counts = Arc::new(Counts::default());
        Lines::new(["/config".to_owned()].into_iter(), Arc::clone(&counts)).count(lines.as_bytes());
        Arc::into_inner(counts).unwrap()
    }

    #[test]
    fn only_request_lines_of_measured_paths_count() {
        let counts = counted(
            "{\"message\":\"request\",\"route\":\"/config\"}\n\
             {\"message\":\"request cancelled\",\"route\":\"/config\"}\n\
             {\"message\":\"request\",\"route\":\"/configs\"}\n\
             {\"http.route\":\"/config\",\"message\":\"request\"}\n",
        );
        assert_eq!((counts.lines.into_inner(), counts.request_lines.into_inner()), (4, 2));
    }

    #[test]
    fn a_line_that_is_no_object_is_told() {
        let counts = counted("half a li\n");
        assert_eq!(counts.bad_lines.into_inner(), 1);
        assert_eq!(counts.first_trouble.into_inner().unwrap(), "half a li");
    }

    fn export(span: Span, service: &str) -> Bytes {
        let attribute =
            KeyValue { key: service.to_owned(), value: Some(Default::default()), ..Default::default() };
        let resource = Resource { attributes: vec![attribute], ..Default::default() };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..Default::default() }];
        let resource_spans =
            vec![ResourceSpans { resource: Some(resource), scope_spans, ..Default::default() }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec().into()
    }

    fn span() -> Span {
        Span {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            name: "GET /config".to_owned(),
            start_time_unix_nano: 1,
            end_time_unix_nano: 2,
            ..Default::default()
        }
    }

    #[test]
    fn complete_span_counts_and_broken_span_is_reported() {
        let counts = Counts::default();
        counts.take(export(span(), "service.name"));
        assert_eq!((counts.spans.load(Relaxed), counts.bad_spans.load(Relaxed)), (1, 0));
        for broken in [
            Span { trace_id: vec![0; 16], ..span() },
            Span { span_id: vec![2; 7], ..span() },
            Span { name: String::new(), ..span() },
            Span { end_time_unix_nano: 0, ..span() },
        ] {
            counts.take(export(broken, "service.name"));
        }
        counts.take(export(span(), "service.version"));
        assert_eq!((counts.spans.load(Relaxed), counts.bad_spans.load(Relaxed)), (6, 5));
    }

    #[test]
    fn what_is_no_export_is_told() {
        let counts = Counts::default();
        counts.undecoded().push(Bytes::from_static(b"\xff\xff\xff"));
        counts.decode();
        assert_eq!(counts.bad_exports.into_inner(), 1);
    }
}
