//! Spans in OpenTelemetry's protocol, with the attributes of its stable HTTP conventions.

use std::time::{SystemTime, UNIX_EPOCH};

use http::Version;
use hyper::body::Bytes;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as SpanStatus;
use opentelemetry_proto::tonic::trace::v1::{Span, SpanFlags, Status};
use prost::Message;

use super::span::ServerSpan;
use crate::telemetry::method::known_method;

/// Resource: the service of the spans.
pub(super) fn resource(attributes: &[(String, String)]) -> Resource {
    let attributes = attributes.iter().map(|(key, value)| text(key, value)).collect();
    Resource { attributes, ..Resource::default() }
}

/// Encodes one span, as soon as it has ended: encoding a whole batch at once would delay the requests of the thread.
pub(super) fn span(span: &ServerSpan<'_>) -> Vec<u8> {
    let method = known_method(span.method);
    let parent = span.parent.map(|parent| parent.span_id().get().to_be_bytes().to_vec());
    let span = Span {
        trace_id: span.context.trace_id().get().to_be_bytes().to_vec(),
        span_id: span.context.span_id().get().to_be_bytes().to_vec(),
        parent_span_id: parent.unwrap_or_default(),
        trace_state: span.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        flags: flags(span),
        name: name(method, span.route),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: nanoseconds(span.start),
        end_time_unix_nano: nanoseconds(span.end),
        attributes: attributes(span, method.unwrap_or("_OTHER")),
        status: error_type(span).map(|_| Status { code: SpanStatus::Error.into(), ..Status::default() }),
        ..Span::default()
    };
    span.encode_to_vec()
}

/// Body of one export.
pub(super) fn export(resource: &Resource, spans: Vec<Vec<u8>>) -> Bytes {
    let scope = InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let resource_spans = ResourceSpans {
        resource: Some(resource.clone()),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans }],
    };
    Export { resource_spans: vec![resource_spans] }.encode_to_vec().into()
}

/// `ExportTraceServiceRequest` with spans that are encoded already: a nested message is its length and its bytes.
#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

/// `ResourceSpans`.
#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

/// `ScopeSpans`.
#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<InstrumentationScope>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    spans: Vec<Vec<u8>>,
}

/// Flags of the span. A parent is always remote: spans within the service are not recorded.
fn flags(span: &ServerSpan<'_>) -> u32 {
    let remote = if span.parent.is_some() { SpanFlags::ContextIsRemoteMask as u32 } else { 0 };
    u32::from(span.context.flags()) | SpanFlags::ContextHasIsRemoteMask as u32 | remote
}

fn name(method: Option<&str>, route: Option<&str>) -> String {
    let method = method.unwrap_or("HTTP");
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}

/// Attributes of the span. `url.scheme` is that of this hop, since the client's scheme in front of a proxy is unknown.
fn attributes(span: &ServerSpan<'_>, method: &str) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(6);
    attributes.push(text("http.request.method", method));
    attributes.push(text("url.scheme", "http"));
    if let Some(route) = span.route {
        attributes.push(text("http.route", route));
    }
    if let Some(status) = span.status {
        attributes.push(pair("http.response.status_code", Value::IntValue(status.as_u16().into())));
    }
    if let Some(version) = version(span.version) {
        attributes.push(text("network.protocol.version", version));
    }
    if let Some(error) = error_type(span) {
        attributes.push(text("error.type", error));
    }
    attributes
}

/// Error type of the span. A 4xx is the client's error, and none of the server's span.
fn error_type<'a>(span: &'a ServerSpan<'_>) -> Option<&'a str> {
    match &span.status {
        Some(status) => status.is_server_error().then(|| status.as_str()),
        None => Some("cancelled"),
    }
}

fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        _ => None,
    }
}

/// Nanoseconds since 1970; 0 for an earlier time, the maximum for one after 2554.
fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.to_owned()))
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
