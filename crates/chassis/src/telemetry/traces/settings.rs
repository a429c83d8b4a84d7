//! What the standard `OTEL_*` variables say of traces.

mod endpoint;
mod lists;
mod variables;

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, Uri};

use super::sampler::Sampler;
use variables::Variables;

/// How traces are sampled, batched and sent. What a header holds is never printed.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    pub(super) sampler: Sampler,
    pub(super) collector: Collector,
    pub(super) batches: Batches,
    /// Attributes that tell this service from others.
    pub(super) resource: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct Collector {
    pub(super) endpoint: Uri,
    /// Each value is marked as sensitive.
    pub(super) headers: HeaderMap,
    /// For one try.
    pub(super) timeout: Duration,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Batches {
    pub(super) queue_spans: usize,
    pub(super) batch_spans: usize,
    pub(super) schedule_delay: Duration,
    /// For one batch, all tries together.
    pub(super) export_time: Duration,
}

/// All that is wrong with the variables; displayed one problem a line. Shows no value that could be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracesError(Vec<String>);

impl TraceSettings {
    /// Reads the variables through `variables`, which gives the value of a name, or none.
    ///
    /// None when tracing is off: `OTEL_SDK_DISABLED=true`, `OTEL_TRACES_EXPORTER=none`, or no endpoint. In contrast to
    /// the standard there is no endpoint by default, since most services have no collector on their own host.
    ///
    /// # Errors
    /// Lists every variable that cannot be followed. An unknown value is refused and not replaced by a default, and so
    /// are TLS, compression, and protocols other than `http/protobuf`.
    pub fn from_env(
        variables: impl Fn(&str) -> Option<OsString>,
        service_name: &str,
        version: &str,
    ) -> Result<Option<Self>, TracesError> {
        let mut variables = Variables::new(&variables);
        let settings = read(&mut variables, service_name, version);
        variables.finish(settings)
    }
}

/// None when tracing is off. A problem leaves a stand-in behind, which nobody sees.
fn read(variables: &mut Variables<'_>, service_name: &str, version: &str) -> Option<TraceSettings> {
    let disabled = variables.choice("OTEL_SDK_DISABLED", &["false", "true"]) == Some("true");
    let exporter = variables.choice("OTEL_TRACES_EXPORTER", &["otlp", "none"]);
    if disabled || exporter == Some("none") {
        return None;
    }
    let endpoint = endpoint::read(variables)?;
    refuse_what_is_missing_here(variables);
    Some(TraceSettings {
        sampler: sampler(variables),
        collector: Collector {
            endpoint,
            headers: lists::headers(variables),
            timeout: variables.otlp("TIMEOUT", |variables, name| variables.milliseconds(name, 10_000)),
        },
        batches: batches(variables),
        resource: resource(variables, service_name, version),
    })
}

fn refuse_what_is_missing_here(variables: &mut Variables<'_>) {
    variables.otlp("PROTOCOL", |variables, name| variables.choice(name, &["http/protobuf"]));
    variables.otlp("COMPRESSION", |variables, name| variables.choice(name, &["none"]));
}

fn sampler(variables: &mut Variables<'_>) -> Sampler {
    let name = variables.choice("OTEL_TRACES_SAMPLER", &Sampler::NAMES).unwrap_or(Sampler::DEFAULT);
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
        variables.refuse(BATCH, format_args!("must not be above {QUEUE}, which is {queue_spans}"));
    }
    Batches {
        queue_spans,
        batch_spans,
        schedule_delay: variables.milliseconds("OTEL_BSP_SCHEDULE_DELAY", 5000),
        export_time: variables.milliseconds("OTEL_BSP_EXPORT_TIMEOUT", 30_000),
    }
}

/// The service's own name is the weakest, then that of the list, then the variable for it alone, as the standard says.
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

impl TracesError {
    /// The problems, each naming its variable; at least one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for TracesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for TracesError {}
