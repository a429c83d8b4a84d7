//! Delivery of one batch to the collector, with the retries of OTLP.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use tokio::time::{Instant, sleep, timeout};

use super::settings::Collector;

/// Pause before the first retry; doubled for each further one, and shortened at random, so that the replicas of a service do not
/// retry all at once.
const INITIAL_PAUSE: Duration = Duration::from_millis(500);
/// Maximum pause before a retry.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Minimum pause, also if a busy collector asks for an immediate retry.
const MIN_PAUSE: Duration = Duration::from_millis(50);

/// Maximum length of the collector's message in the log, in characters.
const MAX_MESSAGE_CHARS: usize = 200;

/// Maximum length of a response that is read.
const MAX_RESPONSE_BYTES: usize = 64 << 10;

pub(super) struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    collector: Collector,
    /// Maximum time of a batch: all attempts and pauses together.
    batch_time: Duration,
}

/// Outcome of a batch.
pub(super) enum Delivery {
    /// The collector accepted the batch, except for `rejected` spans.
    Accepted {
        rejected: u64,
        reason: String,
    },
    Lost {
        reason: Reason,
    },
}

/// Reason for which an attempt failed. Contains nothing of the request headers, which may contain a token.
#[derive(Debug)]
pub(super) enum Reason {
    Status(StatusCode),
    NoResponse(Duration),
    Broken(hyper_util::client::legacy::Error),
    Unsendable(http::Error),
}

enum Attempt {
    Done(Delivery),
    Retry { reason: Reason, after: Option<Duration> },
}

impl Sender {
    pub(super) fn new(collector: Collector, batch_time: Duration) -> Self {
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build_http();
        Self { client, collector, batch_time }
    }

    /// Retries until the collector has given its final response, or the time for the batch is over.
    pub(super) async fn deliver(&self, body: Bytes) -> Delivery {
        let end = Instant::now() + self.batch_time;
        let mut pause = INITIAL_PAUSE;
        loop {
            let (reason, after) = match self.attempt(body.clone(), end).await {
                Attempt::Done(delivery) => return delivery,
                Attempt::Retry { reason, after } => (reason, after),
            };
            let own = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
            let wait = after.map_or(own, |after| after.max(MIN_PAUSE));
            // Compared and not added: the collector may name any time.
            if wait >= end.saturating_duration_since(Instant::now()) {
                return Delivery::Lost { reason };
            }
            sleep(wait).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// Makes one attempt. A collector that does not respond in time may have accepted the batch: a retry could duplicate its spans,
    /// so the batch ends.
    async fn attempt(&self, body: Bytes, end: Instant) -> Attempt {
        let limit = self.collector.timeout.min(end.saturating_duration_since(Instant::now()));
        match timeout(limit, self.send(body)).await {
            Ok(tried) => tried,
            Err(_) => Attempt::Done(Delivery::Lost { reason: Reason::NoResponse(limit) }),
        }
    }

    async fn send(&self, body: Bytes) -> Attempt {
        let mut request = match Request::post(&self.collector.endpoint).body(Full::new(body)) {
            Ok(request) => request,
            Err(error) => return Attempt::Done(Delivery::Lost { reason: Reason::Unsendable(error) }),
        };
        *request.headers_mut() = self.headers();
        match self.client.request(request).await {
            Ok(response) => read_response(response).await,
            Err(error) => Attempt::Retry { reason: Reason::Broken(error), after: None },
        }
    }

    fn headers(&self) -> HeaderMap {
        const AGENT: &str = concat!("OTel-OTLP-Exporter-Rust/chassis-", env!("CARGO_PKG_VERSION"));
        let mut headers = self.collector.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
        headers
    }
}

/// Reads the response. OTLP names the four statuses that allow a retry.
async fn read_response(response: Response<Incoming>) -> Attempt {
    let status = response.status();
    let after = retry_after(response.headers());
    let body = Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await;
    if status.is_success() {
        return Attempt::Done(accepted(body.map(|body| body.to_bytes()).unwrap_or_default()));
    }
    let reason = Reason::Status(status);
    match status.as_u16() {
        429 | 502 | 503 | 504 => Attempt::Retry { reason, after },
        _ => Attempt::Done(Delivery::Lost { reason }),
    }
}

/// Reads the body of a success; one that cannot be read is a success nevertheless, as its status says.
fn accepted(body: Bytes) -> Delivery {
    let response = ExportTraceServiceResponse::decode(body).unwrap_or_default();
    let partial = response.partial_success.unwrap_or_default();
    let rejected = u64::try_from(partial.rejected_spans).unwrap_or_default();
    let reason = partial.error_message.chars().take(MAX_MESSAGE_CHARS).collect();
    Delivery::Accepted { rejected, reason }
}

/// Parses `Retry-After`: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok(),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the collector answers {status}"),
            Self::NoResponse(limit) => write!(f, "no answer within {limit:?}"),
            Self::Broken(error) => {
                write!(f, "{error}")?;
                let mut source = std::error::Error::source(error);
                while let Some(error) = source {
                    write!(f, ": {error}")?;
                    source = error.source();
                }
                Ok(())
            }
            Self::Unsendable(error) => write!(f, "{error}"),
        }
    }
}
