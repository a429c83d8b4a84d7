use std::collections::BTreeMap;
use std::ffi::OsString;

use chassis::telemetry::{TracePlan, TraceSettings};

const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");

fn plan(variables: &[(&str, &str)]) -> TracePlan {
    let map: BTreeMap<&str, OsString> = variables.iter().map(|(name, value)| (*name, value.into())).collect();
    TraceSettings::from_env(|name| map.get(name).cloned(), "greeter", "1.2.3")
}

/// The settings of variables that are all followed.
fn printed(variables: &[(&str, &str)]) -> String {
    let plan = plan(variables);
    assert_eq!(plan.notes().count(), 0, "{plan:?}");
    format!("{:?}", plan.settings.unwrap())
}

/// Settings that result if one variable is ignored, and the note on it.
fn replaced(variables: &[(&str, &str)]) -> (String, String) {
    let plan = plan(&[&[ENDPOINT], variables].concat());
    assert!(plan.unsupported.is_empty() && plan.ignored.len() == 1, "{plan:?}");
    assert_eq!(plan.notes().collect::<Vec<_>>(), plan.ignored);
    (format!("{:?}", plan.settings.unwrap()), plan.ignored[0].clone())
}

/// The note on a choice that switches traces off.
fn refused(variables: &[(&str, &str)]) -> String {
    let plan = plan(variables);
    let notes: Vec<_> = plan.notes().collect();
    assert!(plan.settings.is_none() && notes.len() == 1, "{plan:?}");
    notes[0].strip_prefix("traces are switched off: ").unwrap().to_owned()
}

#[test]
fn nothing_is_exported_without_an_endpoint() {
    for off in [
        &[][..],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "  "), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
        &[("OTEL_EXPORTER_OTLP_HEADERS", "a=b")],
        &[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")],
        &[
            ENDPOINT,
            ("OTEL_SDK_DISABLED", "true"),
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_BSP_SCHEDULE_DELAY", "x"),
        ],
        &[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_BSP_SCHEDULE_DELAY", "never")],
    ] {
        let plan = plan(off);
        assert!(plan.settings.is_none() && plan.notes().count() == 0, "{off:?}: {plan:?}");
    }
    assert!(plan(&[ENDPOINT, ("OTEL_SDK_DISABLED", "false")]).settings.is_some());
}

#[test]
fn only_the_general_endpoint_gets_a_path() {
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
fn variables_for_traces_have_precedence() {
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
fn tls_is_refused_with_advice() {
    assert_eq!(
        refused(&[(ENDPOINT.0, "https://collector:4318")]),
        "OTEL_EXPORTER_OTLP_ENDPOINT: asks for TLS, which is not built in: name a collector in the pod or the cluster \
         by http:// and let it forward over TLS"
    );
}

#[test]
fn unsupported_choice_switches_traces_off_and_is_named() {
    for (name, value, word) in [
        ("OTEL_TRACES_EXPORTER", "zipkin", "zipkin"),
        ("OTEL_TRACES_EXPORTER", "Console,none", "console"),
        ("OTEL_TRACES_EXPORTER", "jaeger, logging", "jaeger, logging"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "GRPC", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://collector", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:pw@collector", "HEADERS"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:0", "port"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:99999", "port"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://[::1]:99999", "port"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector/?a=b", "query"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "unix:///run/collector.sock", "http"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote", "parentbased_jaeger_remote"),
        ("OTEL_TRACES_SAMPLER", "xray", "xray"),
    ] {
        let note = refused(&[ENDPOINT, (name, value)]);
        assert!(note.starts_with(&format!("{name}: ")) && note.contains(word), "{name}={value}: {note}");
        assert!(!note.contains("; OTEL_"), "{name}={value}: {note}");
    }
    // With no endpoint nothing would be sent anyway, and that is no reason to stop either.
    assert!(refused(&[("OTEL_TRACES_EXPORTER", "console")]).starts_with("OTEL_TRACES_EXPORTER: console"));
}

#[test]
fn all_unsupported_choices_are_one_note() {
    let note = refused(&[
        (ENDPOINT.0, "https://collector:4317"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_BSP_SCHEDULE_DELAY", "x"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ]);
    for part in [
        "OTEL_EXPORTER_OTLP_ENDPOINT: ",
        "; OTEL_EXPORTER_OTLP_PROTOCOL: grpc",
        "; OTEL_TRACES_SAMPLER: xray",
    ] {
        assert!(note.contains(part), "{note}");
    }
}

#[test]
fn value_that_means_nothing_is_ignored_and_noted() {
    let default = printed(&[ENDPOINT]);
    for (name, value) in [
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_SDK_DISABLED", "1"),
        ("OTEL_TRACES_EXPORTER", "otlp,console"),
        ("OTEL_TRACES_EXPORTER", "zipkin, otlp"),
        ("OTEL_TRACES_EXPORTER", "otlp,none"),
        ("OTEL_TRACES_EXPORTER", "somewhere"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1.5"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no-value"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "good=1,no-value"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a b=c"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=line%0abreak"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Content-Length=1"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=%ff"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=platform,deployment.environment"),
        ("OTEL_RESOURCE_ATTRIBUTES", "=x"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "30s"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"),
    ] {
        let (used, note) = replaced(&[(name, value)]);
        assert!(note.starts_with(&format!("{name}: ")), "{name}={value}: {note}");
        assert_eq!(used, default, "{name}={value}");
    }
    for ratio in ["1.1", "-0.1", "NaN", "half", "inf"] {
        let (used, note) =
            replaced(&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", ratio)]);
        assert!(note.starts_with("OTEL_TRACES_SAMPLER_ARG: "), "{ratio}");
        assert_eq!(used, printed(&[ENDPOINT, ("OTEL_TRACES_SAMPLER", "always_on")]), "{ratio}");
    }
    let bytes = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://collector:4318".into()),
        "OTEL_TRACES_SAMPLER" => Some(std::os::unix::ffi::OsStringExt::from_vec(vec![0xff])),
        _ => None,
    };
    let plan = TraceSettings::from_env(bytes, "greeter", "1.2.3");
    assert_eq!((plan.ignored.len(), format!("{:?}", plan.settings.unwrap())), (1, default));
}

#[test]
fn number_out_of_range_becomes_the_nearest() {
    for (name, value, used) in [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "600001", " timeout: 600s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "99999999999999999999999", " timeout: 600s"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "18446744073709551615", "export_time: 600s"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "18446744073709551615", "queue_spans: 65536"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2049", "batch_spans: 2048"),
    ] {
        let (printed, note) = replaced(&[(name, value)]);
        assert!(
            note.starts_with(&format!("{name}: ")) && printed.contains(used),
            "{name}={value}: {printed}"
        );
    }
    // The standard takes no time for no limit.
    let no_limit =
        printed(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"), ("OTEL_BSP_EXPORT_TIMEOUT", "0")]);
    assert!(no_limit.contains(" timeout: 600s") && no_limit.contains("export_time: 600s"), "{no_limit}");
    assert!(printed(&[ENDPOINT, ("OTEL_BSP_SCHEDULE_DELAY", "0")]).contains("schedule_delay: 1ms"));
    assert!(printed(&[ENDPOINT, ("OTEL_BSP_MAX_QUEUE_SIZE", "10")]).contains("batch_spans: 10"));
}

#[test]
fn token_is_never_printed() {
    let token = "tok3n";
    let sane = printed(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20tok3n")]);
    assert!(sane.contains("authorization") && !sane.contains(token), "{sane}");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer tok3n"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer tok3n=x"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=tok3n%0a"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:tok3n@collector"),
    ] {
        let notes: Vec<_> = plan(&[ENDPOINT, (name, value)]).notes().collect();
        assert!(notes.len() == 1 && !notes[0].contains(token), "{notes:?}");
    }
}

#[test]
fn service_name_variable_has_precedence() {
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
