//! The service, with more or less of its telemetry on.

use std::path::Path;

use anyhow::Result;

use super::super::processors::Processors;
use super::super::server::{Launch, Server};
use super::collector::Collector;

/// Features of the service that can be turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Features {
    /// A line for each request.
    pub(super) request_log: bool,
    /// A span for [`SAMPLED`] of the requests.
    pub(super) traces: bool,
}

impl Features {
    pub(super) const ALL: Self = Self { request_log: true, traces: true };
}

/// The share of requests that are traced.
pub(super) const SAMPLED: f64 = 0.01;

pub(super) struct Service {
    // In this order: what the service says until it ends has a reader.
    pub(super) server: Server,
    pub(super) collector: Collector,
}

impl Service {
    pub(super) fn start(
        binary: &Path,
        collector: &Path,
        processors: Processors,
        features: Features,
    ) -> Result<Self> {
        let (collector, pipe) = Collector::start(collector, processors.load)?;
        let (endpoint, sampled) = (collector.endpoint(), SAMPLED.to_string());
        let mut environment = vec![("LOG_LEVEL", if features.request_log { "info" } else { "error" })];
        if features.traces {
            environment.extend([
                ("OTEL_SERVICE_NAME", "myapp"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
                ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", sampled.as_str()),
            ]);
        }
        let launch = Launch {
            environment: &environment,
            processor: Some(processors.server),
            stdout: Some(pipe),
            ..Launch::default()
        };
        Ok(Self { server: Server::start_with(binary, launch)?, collector })
    }
}
