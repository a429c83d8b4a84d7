//! From a client's header to the collector, through a server.

use chassis::LimitArgs;
use chassis::telemetry::{Telemetry, TraceSettings};
use test_support::http::raw::{Client, get};

use super::receiver::{Receiver, Reply};
use super::{AT_ONCE, attributes};
use crate::harness::{Server, at_once};

/// A server that exports to `collector` every trace that begins in it.
async fn traced(collector: &Receiver) -> (Server, Telemetry) {
    let endpoint = format!("http://{}", collector.address);
    let given = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), AT_ONCE];
    let read = |name: &str| given.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let settings = TraceSettings::from_env(read, "greeter", "1.2.3").settings.expect("an endpoint");
    let telemetry = Telemetry::silent().expect("a thread");
    telemetry.export_traces(settings);
    (Server::start_with_telemetry(at_once(), LimitArgs::default(), telemetry.clone()).await, telemetry)
}

#[tokio::test]
async fn a_request_is_a_span_below_its_callers() {
    let mut collector = Receiver::start(&[Reply::Taken]).await;
    let (server, _telemetry) = traced(&collector).await;
    let mut client = Client::connect(server.public).await;
    client
        .send(
            "GET /items/7 HTTP/1.1\r\nHost: test\r\n\
             traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
             tracestate: vendor=1\r\n\r\n",
        )
        .await;
    assert_eq!(client.answer().await.status, 200);
    let span = &collector.spans(1).await[0];
    assert_eq!(span.trace_id, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes());
    assert_eq!(span.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    assert_eq!((span.name.as_str(), span.trace_state.as_str()), ("GET /items/{id}", "vendor=1"));
    assert_eq!(attributes(&span.attributes)["http.response.status_code"], "int 200");
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
}

#[tokio::test]
async fn response_from_memory_is_a_span_if_sampled() {
    let mut collector = Receiver::start(&[Reply::Taken]).await;
    let (server, telemetry) = traced(&collector).await;
    let mut client = Client::connect(server.public).await;
    client
        .send(
            "GET /memory HTTP/1.1\r\nHost: test\r\n\
             traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n\r\n",
        )
        .await;
    assert_eq!(client.answer().await.status, 200);
    let id = get(server.public, "/memory").await.header("x-request-id").expect("an id").to_owned();
    let spans = collector.spans(1).await;
    assert_eq!(spans[0].name, "GET /memory");
    // A trace that begins here gives its request the id.
    assert_eq!(u128::from_str_radix(&id, 16).expect("hex").to_be_bytes(), spans[0].trace_id[..]);
    telemetry.flush_traces(std::time::Duration::from_secs(5)).await;
    assert!(collector.has_no_more());
}
