use std::collections::BTreeMap;
use std::ffi::OsString;

use chassis::telemetry::{TraceSettings, TracesError};

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");

fn settings(variables: &[(&str, &str)]) -> Result<Option<TraceSettings>, TracesError> {
    let map: BTreeMap<&str, OsString> = variables.iter().map(|(name, value)| (*name, value.into())).collect();
    TraceSettings::from_env(|name| map.get(name).cloned(), "greeter", "1.2.3")
}

fn printed(variables: &[(&str, &str)]) -> String {
    format!("{:?}", settings(variables).unwrap().unwrap())
}

fn problem(variables: &[(&str, &str)]) -> String {
    let all = settings(&[&[ENDPOINT], variables].concat()).unwrap_err().to_string();
    assert!(!all.contains('\n'), "{all}");
    all
}

#[test]
fn without_an_endpoint_or_by_a_switch_nothing_is_exported() {
    for off in [
        &[][..],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
        &[("OTEL_EXPORTER_OTLP_HEADERS", "a=b")],
        &[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")],
        &[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_BSP_SCHEDULE_DELAY", "never")],
    ] {
        assert!(settings(off).unwrap().is_none(), "{off:?}");
    }
    assert!(settings(&[ENDPOINT, ("OTEL_SDK_DISABLED", "false")]).unwrap().is_some());
}

#[test]
fn the_endpoint_of_all_signals_gets_the_path_of_traces_and_that_of_traces_none() {
    let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    for (name, given, used) in [
        (ENDPOINT.0, "http://collector:4318", "http://collector:4318/v1/traces"),
        (ENDPOINT.0, "http://collector:4318/", "http://collector:4318/v1/traces"),
        (ENDPOINT.0, "http://collector/otlp/", "http://collector/otlp/v1/traces"),
        (own, "http://[::1]:4318", "http://[::1]:4318/"),
        (own, "http://collector/take?it=1", "http://collector/take?it=1"),
    ] {
        let printed = printed(&[(name, given)]);
        assert!(printed.contains(&format!("endpoint: {used},")), "{given}: {printed}");
    }
    let both = printed(&[ENDPOINT, (own, "http://other/here")]);
    assert!(both.contains("endpoint: http://other/here,"), "{both}");
}

#[test]
fn what_is_for_traces_alone_goes_before_what_is_for_all_signals() {
    let both = [
        ENDPOINT,
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
    ];
    assert!(printed(&both).contains("timeout: 2s"));
    assert!(printed(&both[..2]).contains("timeout: 1s"));
    assert!(printed(&both[..1]).contains("timeout: 10s"));
}

#[test]
fn tls_is_refused_in_words_that_say_what_to_do() {
    let refused = settings(&[(ENDPOINT.0, "https://collector:4318")]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "OTEL_EXPORTER_OTLP_ENDPOINT: asks for TLS, which is not built in: name a collector in the pod or the cluster \
         by http:// and let it forward over TLS"
    );
}

#[test]
fn each_value_that_cannot_be_followed_is_refused_by_the_name_of_its_variable() {
    for (name, value) in [
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no-value"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a b=c"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=line%0abreak"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Content-Length=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://collector"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:pw@collector"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector/?a=b"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=%ff"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "600001"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2049"),
    ] {
        let problem = problem(&[(name, value)]);
        assert!(problem.starts_with(&format!("{name}: ")), "{name}={value}: {problem}");
    }
    for ratio in ["1.1", "-0.1", "NaN", "half"] {
        let sampler = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", ratio)];
        assert!(problem(&sampler).starts_with("OTEL_TRACES_SAMPLER_ARG: "), "{ratio}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let wrong = [
        ENDPOINT,
        ("OTEL_TRACES_SAMPLER", "x"),
        ("OTEL_BSP_SCHEDULE_DELAY", "x"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "x"),
    ];
    assert_eq!(settings(&wrong).unwrap_err().iter().count(), 3);
    let wrong = [("OTEL_EXPORTER_OTLP_ENDPOINT", "x"), ("OTEL_TRACES_SAMPLER", "x")];
    assert_eq!(settings(&wrong).unwrap_err().iter().count(), 2);
}

#[test]
fn a_token_in_a_header_or_an_endpoint_is_never_printed() {
    let token = "tok3n";
    let sane = printed(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20tok3n")]);
    assert!(sane.contains("authorization") && !sane.contains(token), "{sane}");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer tok3n"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer tok3n=x"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=tok3n%0a"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:tok3n@collector"),
    ] {
        let problem = problem(&[(name, value)]);
        assert!(!problem.contains(token), "{problem}");
    }
}

#[test]
fn the_variable_for_the_name_goes_before_the_list_and_the_list_before_the_services_own() {
    let name = |variables: &[(&str, &str)]| {
        let printed = printed(&[&[ENDPOINT], variables].concat());
        let (_, after) = printed.split_once("(\"service.name\", \"").unwrap();
        assert!(!after.contains("service.name"), "{printed}");
        after.split('"').next().unwrap().to_owned()
    };
    let list = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=list,a=b");
    assert_eq!(name(&[]), "greeter");
    assert_eq!(name(&[list]), "list");
    assert_eq!(name(&[list, ("OTEL_SERVICE_NAME", "variable")]), "variable");
}
