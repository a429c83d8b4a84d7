//! Settings of traces, from the standard `OTEL_*` variables.

mod endpoint;
mod exporters;
mod lists;
mod variables;

use std::ffi::OsString;
use std::time::Duration;

use http::{HeaderMap, Uri};

use super::sampler::Sampler;
use crate::telemetry::target::LIFECYCLE;
use variables::{Variables, Words};

/// Settings of sampling, batching and export. Header values are never printed.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    pub(super) sampler: Sampler,
    pub(super) collector: Collector,
    pub(super) batches: Batches,
    /// Attributes that identify this service.
    pub(super) resource: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct Collector {
    pub(super) endpoint: Uri,
    /// Each value is marked as sensitive.
    pub(super) headers: HeaderMap,
    /// Timeout of one attempt.
    pub(super) timeout: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Batches {
    pub(super) queue_spans: usize,
    pub(super) batch_spans: usize,
    pub(super) schedule_delay: Duration,
    /// Timeout of one batch, all attempts together.
    pub(super) export_time: Duration,
}

/// Result of reading the variables. Contains no value that could be a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TracePlan {
    /// Settings of the export; `None` if traces are off.
    pub settings: Option<TraceSettings>,
    /// Ignored values, one sentence each: the variable, its valid values, and the value used instead.
    pub ignored: Vec<String>,
    /// Unsupported choices, one sentence each: the variable, the choice, and what to do. Any of them switches traces off.
    pub unsupported: Vec<String>,
}

impl TraceSettings {
    /// Reads the variables through `variables`, which returns the value of a name, or `None`.
    ///
    /// No value prevents the start of a service. As the standard requires, an unknown or malformed value is ignored. A choice that
    /// is not built in (TLS, compression, a protocol other than `http/protobuf`, some samplers and exporters) switches traces
    /// off.
    ///
    /// Traces are also off with `OTEL_SDK_DISABLED=true`, with `OTEL_TRACES_EXPORTER=none`, and without an endpoint. Unlike in the
    /// standard there is no default endpoint, since most services have no collector on their own host.
    pub fn from_env(
        variables: impl Fn(&str) -> Option<OsString>,
        service_name: &str,
        version: &str,
    ) -> TracePlan {
        let mut variables = Variables::new(&variables);
        let settings = read(&mut variables, service_name, version);
        let Variables { ignored, unsupported, .. } = variables;
        TracePlan { settings: settings.filter(|_| unsupported.is_empty()), ignored, unsupported }
    }
}

impl TracePlan {
    /// Notes for operators, one sentence each.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let off = self.reason_for_off().map(|reason| format!("traces are switched off: {reason}"));
        // If traces are off, the other notes are irrelevant.
        let ignored = self.ignored.iter().filter(|_| self.unsupported.is_empty()).cloned();
        off.into_iter().chain(ignored)
    }

    /// Logs the notes at every level.
    pub fn log(&self) {
        if let Some(reason) = self.reason_for_off() {
            tracing::warn!(target: LIFECYCLE, reason, "traces are switched off");
            return;
        }
        for reason in &self.ignored {
            tracing::warn!(target: LIFECYCLE, reason, "variable for traces is ignored");
        }
    }

    fn reason_for_off(&self) -> Option<String> {
        (!self.unsupported.is_empty()).then(|| self.unsupported.join("; "))
    }
}

/// `None` if traces are off.
fn read(variables: &mut Variables<'_>, service_name: &str, version: &str) -> Option<TraceSettings> {
    if is_disabled(variables) || !exporters::has_otlp(variables) {
        return None;
    }
    let endpoint = endpoint::read(variables);
    if endpoint.is_none() && variables.unsupported.is_empty() {
        return None;
    }
    refuse_unsupported(variables);
    let (sampler, batches) = (sampler(variables), batches(variables));
    let collector = Collector {
        endpoint: endpoint?,
        headers: lists::headers(variables),
        timeout: variables.otlp("TIMEOUT", |variables, name| variables.timeout(name, 10_000)),
    };
    Some(TraceSettings { sampler, collector, batches, resource: resource(variables, service_name, version) })
}

/// True for `true`; the standard treats every other value as false.
fn is_disabled(variables: &mut Variables<'_>) -> bool {
    let words = Words { supported: &["false", "true"], known: &[], advice: "" };
    variables.choice("OTEL_SDK_DISABLED", &words) == Some("true")
}

fn refuse_unsupported(variables: &mut Variables<'_>) {
    let protocols = Words {
        supported: &["http/protobuf"],
        known: &["grpc", "http/json"],
        advice: "set http/protobuf, and the collector's port for OTLP over HTTP, which is 4318 by convention",
    };
    variables.otlp("PROTOCOL", |variables, name| variables.choice(name, &protocols));
    let compressions =
        Words { supported: &["none"], known: &["gzip"], advice: "set none, which every collector takes" };
    variables.otlp("COMPRESSION", |variables, name| variables.choice(name, &compressions));
}

fn sampler(variables: &mut Variables<'_>) -> Sampler {
    let words = Words {
        supported: &Sampler::NAMES,
        known: &["jaeger_remote", "parentbased_jaeger_remote", "xray", "parentbased_xray"],
        advice: "set one of the six of the standard, such as parentbased_traceidratio",
    };
    let name = variables.choice("OTEL_TRACES_SAMPLER", &words).unwrap_or(Sampler::DEFAULT);
    let ratio =
        if Sampler::takes_ratio(name) { variables.ratio("OTEL_TRACES_SAMPLER_ARG", 1.0) } else { 1.0 };
    Sampler::named(name, ratio)
}

fn batches(variables: &mut Variables<'_>) -> Batches {
    const QUEUE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
    const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
    let queue_spans = variables.spans(QUEUE, 2048);
    let batch_spans = match variables.text(BATCH) {
        Some(_) => variables.spans(BATCH, 512),
        None => queue_spans.min(512),
    };
    if batch_spans > queue_spans {
        variables.ignore(BATCH, format_args!("must not be above {QUEUE}; {queue_spans} is used"));
    }
    let spans = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Batches {
        queue_spans: spans(queue_spans),
        batch_spans: spans(batch_spans.min(queue_spans)),
        schedule_delay: variables.delay("OTEL_BSP_SCHEDULE_DELAY", 5000),
        export_time: variables.timeout("OTEL_BSP_EXPORT_TIMEOUT", 30_000),
    }
}

/// Attributes of the service. As in the standard, the variable for the name has precedence over the list, and the list over the
/// service's own name.
fn resource(variables: &mut Variables<'_>, service_name: &str, version: &str) -> Vec<(String, String)> {
    let mut attributes = lists::pairs(variables, "OTEL_RESOURCE_ATTRIBUTES");
    if let Some(name) = variables.text("OTEL_SERVICE_NAME") {
        attributes.retain(|(key, _)| key != "service.name");
        attributes.push(("service.name".to_owned(), name));
    }
    let own = [
        ("service.name", service_name),
        ("service.version", version),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.name", env!("CARGO_PKG_NAME")),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ];
    for (key, value) in own {
        if !attributes.iter().any(|(known, _)| known == key) {
            attributes.push((key.to_owned(), value.to_owned()));
        }
    }
    attributes
}
