//! Traces: the standard variables, off until a collector is named.

use e2e::helm::Values;
use e2e::objects::{items, text};
use serde_json::{Value, json};

use crate::support::{container, only, refusal, render};

fn traced() -> Values {
    Values::minimal().set("otel.endpoint", "http://collector.observability:4318")
}

/// The container's variables that are OpenTelemetry's, in order.
fn variables(objects: &[Value]) -> Vec<&Value> {
    let all = items(container(objects), "/env").iter();
    all.filter(|variable| text(variable, "/name").starts_with("OTEL_")).collect()
}

fn value(objects: &[Value], name: &str) -> String {
    let found = variables(objects).into_iter().find(|variable| variable["name"] == name);
    text(found.unwrap_or_else(|| panic!("{name} is not set")), "/value").to_owned()
}

#[test]
fn nothing_is_set_until_a_collector_is_named() {
    assert_eq!(variables(&render(&Values::minimal().set("otel.ratio", "1"))), Vec::<&Value>::new());
    let objects = render(&Values::minimal().set("otel.headers.existingSecret", "token"));
    assert_eq!(variables(&objects), Vec::<&Value>::new());
}

#[test]
fn collector_and_sampler_become_otel_variables() {
    let objects = render(&traced());
    assert_eq!(value(&objects, "OTEL_EXPORTER_OTLP_ENDPOINT"), "http://collector.observability:4318");
    assert_eq!(value(&objects, "OTEL_TRACES_SAMPLER"), "parentbased_always_on");
    assert!(variables(&objects).iter().all(|variable| variable["name"] != "OTEL_TRACES_SAMPLER_ARG"));
    for sampler in ["traceidratio", "parentbased_traceidratio"] {
        let by_ratio = || traced().set("otel.sampler", sampler);
        // A fraction from a file is a number, and from the command line a text.
        let from_file = by_ratio().document(json!({"otel": {"ratio": 0.25}}));
        for values in [from_file, by_ratio().set("otel.ratio", "0.25")] {
            assert_eq!(value(&render(&values), "OTEL_TRACES_SAMPLER_ARG"), "0.25");
        }
        assert_eq!(value(&render(&by_ratio()), "OTEL_TRACES_SAMPLER_ARG"), "1");
    }
}

#[test]
fn otel_headers_come_from_optional_secret() {
    let values = traced().set("otel.headers.existingSecret", "token");
    let objects = render(&values.set("otel.headers.existingSecretKey", "line"));
    let headers = variables(&objects).into_iter().find(|found| found["name"] == "OTEL_EXPORTER_OTLP_HEADERS");
    let reference = json!({"secretKeyRef": {"name": "token", "key": "line", "optional": true}});
    assert_eq!(headers.unwrap()["valueFrom"], reference);
}

#[test]
fn spans_name_pod_and_given_attributes_win() {
    let attributes = json!({"team": "a b,c=$(HOME)%", "k8s.namespace.name": "given"});
    let objects = render(&traced().document(json!({"otel": {"resourceAttributes": attributes}})));
    let names: Vec<_> = variables(&objects).into_iter().map(|variable| text(variable, "/name")).collect();
    let position = |name: &str| names.iter().position(|found| *found == name).unwrap();
    // Kubernetes replaces only what was defined earlier in the list.
    assert!(position("OTEL_RESOURCE_ATTRIBUTES_POD_NAME") < position("OTEL_RESOURCE_ATTRIBUTES"));
    let pod = variables(&objects)[position("OTEL_RESOURCE_ATTRIBUTES_POD_NAME")];
    assert_eq!(pod["valueFrom"], json!({"fieldRef": {"fieldPath": "metadata.name"}}));
    let expected = "k8s.pod.name=$(OTEL_RESOURCE_ATTRIBUTES_POD_NAME),k8s.deployment.name=r-myapp,\
                    k8s.namespace.name=given,team=a%20b%2Cc%3D%24%28HOME%29%25";
    assert_eq!(value(&objects, "OTEL_RESOURCE_ATTRIBUTES"), expected);
}

#[test]
fn the_policy_opens_the_collectors_port() {
    let egress = |values: &Values| {
        let objects = render(values);
        items(&only(&objects, "NetworkPolicy")["spec"], "/egress")[2..].to_vec()
    };
    for (endpoint, port) in [
        ("http://collector:4318", 4318),
        ("http://collector:4318/tenant", 4318),
        ("http://collector/tenant", 80),
    ] {
        let values = Values::minimal().set_string("otel.endpoint", endpoint);
        assert_eq!(egress(&values), [json!({"ports": [{"port": port, "protocol": "TCP"}]})], "{endpoint}");
    }
    let to =
        json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observability"}}}]);
    let values = traced().document(json!({"networkPolicy": {"collectorTo": to}}));
    assert_eq!(egress(&values)[0]["to"], to);
}

#[test]
fn what_the_process_could_not_follow_is_refused() {
    for endpoint in [
        "https://collector:4318",
        "collector:4318",
        "http://",
        "http://user:CANARY@collector:4318",
        "http://collector:4318?token=CANARY",
        "http://collector:0",
        "http://collector:4318\n",
    ] {
        let message = refusal(&Values::minimal().document(json!({"otel": {"endpoint": endpoint}})));
        assert!(message.contains("otel.endpoint: expected http://HOST:PORT"), "{endpoint:?}: {message}");
        assert!(!message.contains("CANARY"), "{message}");
    }
    for (path, value, sentence) in [
        ("otel.ratio", "0.5", "otel.ratio: has no effect with otel.sampler parentbased_always_on"),
        ("otel.ratio", "1.5", "at '/otel/ratio'"),
        ("otel.ratio", "-1", "at '/otel/ratio'"),
        ("otel.sampler", "sometimes", "at '/otel/sampler': value must be one of"),
        ("otel.headers.existingSecretKey", "", "at '/otel/headers/existingSecretKey'"),
        ("otel.headers.authorization", "x", "additional properties 'authorization' not allowed"),
        ("otel.resourceAttributes.a b", "c", "at '/otel/resourceAttributes'"),
        ("extraEnv[0].name", "OTEL_TRACES_SAMPLER", "extraEnv: the chart sets OTEL_TRACES_SAMPLER itself"),
    ] {
        let message = refusal(&traced().set(path, value));
        assert!(message.contains(sentence), "{path}={value}: {message}");
    }
    assert!(refusal(&Values::minimal().set("otel", "null")).contains("missing property 'otel'"));
}
