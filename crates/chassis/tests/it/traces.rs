mod outages;
pub(crate) mod receiver;
mod requests;
mod sampling;
mod settings;
mod shutdown;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chassis::telemetry::{ServerSpan, TraceCounters, TraceSettings, Traces};
use chassis::{TraceContext, TraceState};
use http::{HeaderMap, StatusCode, Version};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use test_support::wait::{until_async, within};

use crate::harness::DEADLINE;
use crate::trace_context::{PARENT, context};
use receiver::{Receiver, Reply};

const NEVER: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "600000");
const AT_ONCE: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "1");

fn traces(collector: SocketAddr, variables: &[(&str, &str)]) -> Traces {
    let endpoint = format!("http://{collector}");
    let given = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())], variables].concat();
    let read = |name: &str| given.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    Traces::start(TraceSettings::from_env(read, "greeter", "1.2.3").settings.expect("an endpoint"))
}

fn span() -> ServerSpan<'static> {
    ServerSpan {
        context: TraceContext::root().with_sampled(true),
        parent: None,
        state: None,
        method: "GET",
        route: Some("/items/{id}"),
        status: Some(StatusCode::OK),
        version: Version::HTTP_11,
        start: UNIX_EPOCH + Duration::from_nanos(1_700_000_000_000_000_001),
        end: UNIX_EPOCH + Duration::from_nanos(1_700_000_000_000_000_999),
    }
}

fn record(traces: &Traces, n_spans: usize) {
    for _ in 0..n_spans {
        traces.record(&span());
    }
}

async fn until(traces: &Traces, what: &str, holds: impl Fn(TraceCounters) -> bool) {
    until_async(DEADLINE, what, async || traces.counters(), |counters| holds(*counters)).await;
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<&str, String> {
    let text = |pair: &KeyValue| match pair.value.clone().and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => format!("int {number}"),
        other => panic!("{other:?}"),
    };
    pairs.iter().map(|pair| (pair.key.as_str(), text(pair))).collect()
}

async fn received(span: ServerSpan<'_>) -> Span {
    let mut receiver = Receiver::start(&[Reply::Taken]).await;
    traces(receiver.address, &[AT_ONCE]).record(&span);
    receiver.spans(1).await.remove(0)
}

#[tokio::test]
async fn span_arrives_with_all_attributes() {
    let parent = context(PARENT).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("tracestate", "congo=t61".parse().unwrap());
    let state = TraceState::from_headers(&headers);
    let own = parent.child();
    let sent =
        received(ServerSpan { context: own, parent: Some(parent), state: state.as_ref(), ..span() }).await;

    assert_eq!(sent.trace_id, parent.trace_id().get().to_be_bytes());
    assert_eq!(sent.span_id, own.span_id().get().to_be_bytes());
    assert_eq!(sent.parent_span_id, parent.span_id().get().to_be_bytes());
    assert_eq!((sent.trace_state.as_str(), sent.flags), ("congo=t61", 0x301));
    assert_eq!((sent.name.as_str(), sent.kind), ("GET /items/{id}", 2));
    assert_eq!(sent.start_time_unix_nano, 1_700_000_000_000_000_001);
    assert_eq!(sent.end_time_unix_nano, 1_700_000_000_000_000_999);
    assert_eq!(sent.status, None);
    let expected = [
        ("http.request.method", "GET"),
        ("http.response.status_code", "int 200"),
        ("http.route", "/items/{id}"),
        ("network.protocol.version", "1.1"),
        ("url.scheme", "http"),
    ];
    assert_eq!(attributes(&sent.attributes), expected.map(|(key, value)| (key, value.to_owned())).into());
}

#[tokio::test]
async fn only_failures_of_the_service_are_errors() {
    for (status, error) in [(Some(404), None), (Some(503), Some("503")), (None, Some("cancelled"))] {
        let status = status.map(|code| StatusCode::from_u16(code).unwrap());
        let sent = received(ServerSpan { status, ..span() }).await;
        assert_eq!(sent.status.map(|status| status.code), error.map(|_| 2), "{status:?}");
        let attributes = attributes(&sent.attributes);
        assert_eq!(attributes.get("error.type").map(String::as_str), error, "{status:?}");
        assert_eq!(attributes.contains_key("http.response.status_code"), status.is_some());
    }
}

#[tokio::test]
async fn invented_methods_and_paths_name_no_span() {
    let sent = received(ServerSpan { method: "other", route: None, ..span() }).await;
    assert_eq!(sent.name, "HTTP");
    assert_eq!(attributes(&sent.attributes)["http.request.method"], "_OTHER");
    assert!(sent.parent_span_id.is_empty());
}

#[tokio::test]
async fn export_has_resource_and_headers() {
    let mut receiver = Receiver::start(&[Reply::Taken]).await;
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t0ken,x-scope=a%2Cb");
    let named = ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.version=9");
    let traces = traces(receiver.address, &[AT_ONCE, headers, named]);
    record(&traces, 1);
    let export = receiver.export().await;
    assert_eq!(export.path, "/v1/traces");
    assert_eq!(export.headers["content-type"], "application/x-protobuf");
    assert_eq!(
        (&export.headers["authorization"], &export.headers["x-scope"]),
        (&"Bearer t0ken".parse().unwrap(), &"a,b".parse().unwrap())
    );
    let resource = export.request.resource_spans[0].resource.clone().unwrap();
    let attributes = attributes(&resource.attributes);
    assert_eq!(attributes["service.name"], "greeter");
    assert_eq!(attributes["service.version"], "9");
    assert_eq!(attributes["deployment.environment.name"], "test");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_span_arrives_once() {
    let mut receiver = Receiver::start(&[Reply::Taken]).await;
    let limits = [("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100"), ("OTEL_BSP_MAX_QUEUE_SIZE", "4000"), NEVER];
    let traces = traces(receiver.address, &limits);
    let tasks = [(); 4].map(|()| {
        tokio::spawn({
            let traces = traces.clone();
            async move { record(&traces, 1000) }
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    let mut ids = HashSet::new();
    while ids.len() < 4000 {
        let spans = receiver.export().await.spans();
        assert!(spans.len() <= 100);
        assert!(spans.into_iter().all(|span| ids.insert(span.span_id)), "a span came twice");
    }
    until(&traces, "all to be counted", |counters| counters.exported == 4000).await;
    assert_eq!(traces.counters(), TraceCounters { ended: 4000, exported: 4000, dropped: 0, failed: 0 });
    assert!(receiver.has_no_more());
}

#[tokio::test]
async fn single_span_waits_for_the_delay() {
    let mut receiver = Receiver::start(&[Reply::Taken]).await;
    let traces = traces(receiver.address, &[("OTEL_BSP_SCHEDULE_DELAY", "300")]);
    let begun = SystemTime::now();
    record(&traces, 1);
    receiver.spans(1).await;
    assert!(begun.elapsed().unwrap() >= Duration::from_millis(250));
}

#[tokio::test]
async fn partial_batch_waits_after_full_ones() {
    let mut receiver = Receiver::start(&[Reply::Taken]).await;
    let traces = traces(receiver.address, &[NEVER, ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")]);
    record(&traces, 2);
    receiver.spans(2).await;
    record(&traces, 3);
    until(&traces, "the full batches", |counters| counters.exported >= 4).await;
    // Time for what should not happen: the answers to a second collector's client take the same ways.
    received(span()).await;
    let flush = within(DEADLINE, "the flush", traces.shutdown(Duration::from_secs(20))).await;
    assert_eq!((flush.exported, flush.lost), (1, 0));
}
