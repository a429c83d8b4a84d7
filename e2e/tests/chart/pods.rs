//! The pods: admitted under "restricted", distinguished by fixed labels, and selected by exactly the intended objects.

use std::collections::BTreeSet;

use e2e::helm::Values;
use e2e::objects::{identity, items, of_kind, text};
use e2e::pod_security::restricted_violations;
use serde_json::{Value, json};

use crate::support::{ci_file, ci_files, container, deployment_pod, only, render};

#[test]
fn every_ci_values_file_meets_restricted_pod_security() {
    for file in ci_files() {
        let objects = render(&Values::none().file(&file));
        let pod = &deployment_pod(&objects)["spec"];
        assert_eq!(restricted_violations(pod), Vec::<String>::new(), "{}", file.display());
        assert_eq!(container(&objects)["securityContext"]["readOnlyRootFilesystem"], true);
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["enableServiceLinks"], false);
    }
}

#[test]
fn the_pod_security_rules_notice_each_broken_one() {
    let objects = render(&Values::minimal());
    let pod = &deployment_pod(&objects)["spec"];
    let broken = [
        ("/hostNetwork", json!(true), "pod: hostNetwork"),
        ("/securityContext/runAsNonRoot", json!(false), "myapp: runAsNonRoot"),
        ("/securityContext/runAsUser", json!(0), "myapp: runAsUser"),
        ("/securityContext/seccompProfile", json!(null), "myapp: seccompProfile"),
        (
            "/containers/0/securityContext/allowPrivilegeEscalation",
            json!(null),
            "myapp: allowPrivilegeEscalation",
        ),
        ("/containers/0/securityContext/capabilities/drop", json!(["NET_RAW"]), "myapp: capabilities.drop"),
        ("/containers/0/ports/0", json!({"hostPort": 80}), "myapp: hostPort"),
        ("/volumes/1", json!({"name": "data", "hostPath": {"path": "/"}}), "volume data: hostPath"),
    ];
    for (pointer, value, violation) in broken {
        let mut pod = pod.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = pod.pointer_mut(parent).unwrap();
        match parent.as_array_mut() {
            Some(list) => list[field.parse::<usize>().unwrap()] = value,
            None => parent[field] = value,
        }
        assert_eq!(restricted_violations(&pod), [violation], "{pointer}");
    }
}

/// The labels that select pods, wherever an object selects some by the name label.
fn selectors(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(fields) => {
            let own = fields.iter().filter(|(field, labels)| {
                ["matchLabels", "selector"].contains(&field.as_str())
                    && labels.get("app.kubernetes.io/name").is_some()
            });
            own.map(|(_, labels)| labels).chain(fields.values().flat_map(selectors)).collect()
        }
        Value::Array(list) => list.iter().flat_map(selectors).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[test]
fn selectors_are_always_same_two_labels() {
    let expected = json!({"app.kubernetes.io/name": "myapp", "app.kubernetes.io/instance": "r"});
    let values = [Values::minimal(), ci_file("everything-on").set("topologySpreadConstraints", "null")];
    for objects in values.iter().map(render) {
        for object in &objects {
            let found = selectors(object);
            assert!(found.iter().all(|labels| **labels == expected), "{}: {found:?}", identity(object));
            let n_expected = match text(object, "/kind") {
                // Its own selector and two spread constraints.
                "Deployment" => 3,
                "Service" | "PodDisruptionBudget" => 1,
                // The pods it guards, and its peers both ways.
                "NetworkPolicy" => 3,
                _ => 0,
            };
            assert_eq!(found.len(), n_expected, "{}", identity(object));
        }
    }
}

#[test]
fn only_the_deployments_pods_carry_the_name_label() {
    let objects = render(&ci_file("everything-on"));
    let pod = deployment_pod(&objects);
    assert_eq!(pod["metadata"]["labels"]["app.kubernetes.io/name"], "myapp");
    assert_eq!(pod["metadata"]["labels"]["app.kubernetes.io/instance"], "r");
    let makes_pods = |object: &&Value| {
        object["spec"]["template"]["spec"]["containers"].is_array() || object["kind"] == "Pod"
    };
    let makers: Vec<String> = objects.iter().filter(makes_pods).map(identity).collect();
    assert_eq!(makers, ["Deployment/r-myapp", "Pod/r-myapp-verify"]);
    let labels = &only(&objects, "Pod")["metadata"]["labels"];
    assert!(labels.get("app.kubernetes.io/name").is_none(), "{labels}");
}

#[test]
fn test_pod_verifies_rendered_seal() {
    let objects = render(&Values::minimal());
    let pod = &only(&objects, "Pod")["spec"];
    assert_eq!(restricted_violations(pod), Vec::<String>::new());
    let container = &pod["containers"][0];
    let seal = &only(&objects, "ConfigMap")["data"]["CONFIG_SEAL"];
    let args = items(container, "/args");
    assert_eq!(args[..3], [json!("verify"), json!("--seal"), seal.clone()]);
    assert_eq!(args[args.len() - 2..], [json!("--replicas"), json!("2")], "as many as the default has");
    let variables = items(&deployment_pod(&objects)["spec"]["containers"][0], "/env");
    let peers = variables.iter().find(|variable| variable["name"] == "MYAPP_PEERS").unwrap();
    assert_eq!(container["env"], json!([peers]));
}

#[test]
fn chart_version_change_restarts_no_pods() {
    let objects = render(&Values::minimal());
    assert!(!deployment_pod(&objects).to_string().contains("helm.sh/chart"));
}

#[test]
fn public_port_is_first_operator_port_unexposed() {
    let objects = render(&ci_file("everything-on"));
    let ports: Vec<(&str, &Value)> = items(container(&objects), "/ports")
        .iter()
        .map(|port| (text(port, "/name"), &port["containerPort"]))
        .collect();
    assert_eq!(ports, [("http", &json!(5000)), ("admin", &json!(9090))]);
    for object in &objects {
        let mentions = object.to_string().matches("9091").count();
        let allowed = if object["kind"] == "Deployment" { 1 } else { 0 };
        assert_eq!(mentions, allowed, "{}: only MYAPP_OPERATOR_LISTEN names it", identity(object));
    }
}

#[test]
fn every_port_and_object_that_is_named_exists() {
    let objects = render(&ci_file("everything-on"));
    let container_ports: BTreeSet<&str> =
        items(container(&objects), "/ports").iter().map(|port| text(port, "/name")).collect();
    for service in of_kind(&objects, "Service") {
        assert!(
            items(service, "/spec/ports")
                .iter()
                .all(|port| container_ports.contains(text(port, "/targetPort")))
        );
    }
    let public = e2e::objects::find(&objects, "Service", "r-myapp").unwrap();
    for path in items(only(&objects, "Ingress"), "/spec/rules/0/http/paths") {
        assert_eq!(path["backend"]["service"], json!({"name": "r-myapp", "port": {"name": "http"}}));
    }
    for rule in items(only(&objects, "HTTPRoute"), "/spec/rules") {
        assert_eq!(rule["backendRefs"][0]["port"], public["spec"]["ports"][0]["port"]);
    }
    let target = &only(&objects, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"];
    assert_eq!(target["name"], only(&objects, "Deployment")["metadata"]["name"]);
    let account = &only(&objects, "ServiceAccount")["metadata"]["name"];
    assert_eq!(account, &deployment_pod(&objects)["spec"]["serviceAccountName"]);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        assert!(container_ports.contains(text(&container(&objects)[probe], "/httpGet/port")), "{probe}");
    }
}

#[test]
fn only_readiness_probe_uses_public_port() {
    let objects = render(&Values::minimal());
    let asks = |probe: &str| {
        let get = &container(&objects)[probe]["httpGet"];
        format!("{}{}", text(get, "/port"), text(get, "/path"))
    };
    assert_eq!(
        ["startupProbe", "livenessProbe", "readinessProbe"].map(asks),
        ["admin/startupz", "admin/livez", "http/readyz"]
    );
}

#[test]
fn headless_service_lists_unready_peers_too() {
    let objects = render(&Values::minimal());
    let headless = e2e::objects::find(&objects, "Service", "r-myapp-headless").unwrap();
    assert_eq!(headless["spec"]["clusterIP"], "None");
    assert_eq!(headless["spec"]["publishNotReadyAddresses"], true);
    let environment = items(container(&objects), "/env");
    let peers = environment.iter().find(|variable| variable["name"] == "MYAPP_PEERS").unwrap();
    assert_eq!(peers["value"], "r-myapp-headless.default.svc:9090");
}

#[test]
fn longest_release_name_gives_valid_service_names() {
    let release = "a".repeat(53);
    for service in of_kind(&crate::support::render_as(&release, &Values::minimal()), "Service") {
        assert!(text(service, "/metadata/name").len() <= 63);
    }
}
