//! OpenTelemetry variables that a platform sets for all pods: the service starts with any values.

use test_support::http::raw::blocking::get;

use crate::databases::Kind;
use crate::process::{Serving, run};

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");

/// Returns the lines that `check` prints after a successful result.
fn checked(variables: &[(&str, &str)]) -> Vec<String> {
    let output = run(&["check"], variables);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{variables:?}: {said}");
    let mut lines = said.lines().map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some("the configuration is valid"));
    lines.collect()
}

#[test]
fn no_choice_of_the_platform_stops_the_service() {
    for variables in [
        &[("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "zipkin"), ENDPOINT][..],
        &[("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ENDPOINT],
    ] {
        assert!(checked(variables).is_empty(), "{variables:?}");
    }
    for (name, value) in [
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_TRACES_EXPORTER", "otlp,console"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=platform,deployment.environment"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
    ] {
        let notes = checked(&[ENDPOINT, (name, value)]);
        assert_eq!(notes.len(), 1, "{name}={value}: {notes:?}");
        assert!(notes[0].contains(name), "{name}={value}: {notes:?}");
    }
}

#[test]
fn unsupported_otel_choice_logs_one_lifecycle_line() {
    let variables = [ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_TRACES_SAMPLER", "xray")];
    let mut serving = Serving::start(&Kind::sqlite(), &["--drain-min=0s", "--drain-quiet=0s"], &variables);
    let line = serving.line("traces are switched off");
    let reason = line["reason"].as_str().unwrap();
    assert_eq!(line["target"], "lifecycle");
    assert!(reason.contains("OTEL_EXPORTER_OTLP_PROTOCOL: grpc") && reason.contains("xray"), "{reason}");
    let [public, ..] = serving.addresses();
    assert_eq!(get(public, "/healthz").status, 200);
}
