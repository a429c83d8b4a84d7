//! One batch on its way to the collector, with the retries that OTLP asks for.

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

/// Before the second try; doubled for each one after it, and shortened by chance, so that the replicas of a service do
/// not come back all at once.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Also where the collector asks for the batch at once: it is the one that is busy.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// Characters of the collector's message that go into the log.
const MAX_MESSAGE_CHARS: usize = 200;

/// What is read of an answer; the rest could only be noise.
const LONGEST_ANSWER: usize = 64 << 10;

pub(super) struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    collector: Collector,
    /// For a batch, all tries and pauses together.
    batch_time: Duration,
}

/// What became of a batch.
pub(super) enum Delivery {
    /// The collector took it, but for so many spans.
    Taken {
        refused: u64,
        reason: String,
    },
    Lost {
        reason: Reason,
    },
}

/// Why a try failed. Says nothing of the headers that were sent, which may hold a token.
#[derive(Debug)]
pub(super) enum Reason {
    Status(StatusCode),
    NoAnswer(Duration),
    Broken(hyper_util::client::legacy::Error),
    Unsendable(http::Error),
}

enum Tried {
    Done(Delivery),
    Again { reason: Reason, after: Option<Duration> },
}

impl Sender {
    pub(super) fn new(collector: Collector, batch_time: Duration) -> Self {
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build_http();
        Self { client, collector, batch_time }
    }

    /// Tries until the collector has answered for good, or the time for a batch is up.
    pub(super) async fn deliver(&self, body: Bytes) -> Delivery {
        let end = Instant::now() + self.batch_time;
        let mut pause = FIRST_PAUSE;
        loop {
            let (reason, after) = match self.attempt(body.clone(), end).await {
                Tried::Done(delivery) => return delivery,
                Tried::Again { reason, after } => (reason, after),
            };
            let own = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
            let wait = after.map_or(own, |after| after.max(SHORTEST_PAUSE));
            // Compared and not added: the collector may name any time at all.
            if wait >= end.saturating_duration_since(Instant::now()) {
                return Delivery::Lost { reason };
            }
            sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A collector that took a batch and does not answer in time may well keep it: sent again, its spans could be there
    /// twice, so that is the end of the batch.
    async fn attempt(&self, body: Bytes, end: Instant) -> Tried {
        let patience = self.collector.timeout.min(end.saturating_duration_since(Instant::now()));
        match timeout(patience, self.exchange(body)).await {
            Ok(tried) => tried,
            Err(_) => Tried::Done(Delivery::Lost { reason: Reason::NoAnswer(patience) }),
        }
    }

    async fn exchange(&self, body: Bytes) -> Tried {
        let mut request = match Request::post(&self.collector.endpoint).body(Full::new(body)) {
            Ok(request) => request,
            Err(error) => return Tried::Done(Delivery::Lost { reason: Reason::Unsendable(error) }),
        };
        *request.headers_mut() = self.headers();
        match self.client.request(request).await {
            Ok(response) => verdict(response).await,
            Err(error) => Tried::Again { reason: Reason::Broken(error), after: None },
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

/// The four statuses to try again after are those that OTLP names.
async fn verdict(response: Response<Incoming>) -> Tried {
    let status = response.status();
    let after = retry_after(response.headers());
    let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await;
    if status.is_success() {
        return Tried::Done(taken(body.map(|body| body.to_bytes()).unwrap_or_default()));
    }
    let reason = Reason::Status(status);
    match status.as_u16() {
        429 | 502 | 503 | 504 => Tried::Again { reason, after },
        _ => Tried::Done(Delivery::Lost { reason }),
    }
}

/// An answer that cannot be read is a success all the same: its status says so.
fn taken(body: Bytes) -> Delivery {
    let answer = ExportTraceServiceResponse::decode(body).unwrap_or_default();
    let partial = answer.partial_success.unwrap_or_default();
    let refused = u64::try_from(partial.rejected_spans).unwrap_or_default();
    let reason = partial.error_message.chars().take(MAX_MESSAGE_CHARS).collect();
    Delivery::Taken { refused, reason }
}

/// Seconds, or a date.
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
            Self::NoAnswer(patience) => write!(f, "no answer within {patience:?}"),
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
