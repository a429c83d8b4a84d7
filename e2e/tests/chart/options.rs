//! Optional objects and fields: present if set, absent otherwise, and zero differs from unset.

use std::collections::BTreeSet;

use e2e::helm::Values;
use e2e::objects::{items, of_kind, text};
use e2e::pod::{environment, start};
use serde_json::{Value, json};

use crate::support::{ci_file, container, deployment_pod, only, refusal, render};

fn kinds(objects: &[Value]) -> BTreeSet<&str> {
    objects.iter().map(|object| text(object, "/kind")).collect()
}

fn has(values: &Values, kind: &str) -> bool {
    kinds(&render(values)).contains(kind)
}

#[test]
fn the_autoscaler_owns_the_number_of_pods() {
    let objects = render(&Values::minimal().set("autoscaling.enabled", "true").set("replicaCount", "7"));
    assert!(only(&objects, "Deployment")["spec"].get("replicas").is_none());
    let autoscaler = &only(&objects, "HorizontalPodAutoscaler")["spec"];
    assert_eq!((&autoscaler["minReplicas"], &autoscaler["maxReplicas"]), (&json!(2), &json!(10)));
    assert!(!has(&Values::minimal(), "HorizontalPodAutoscaler"));
}

#[test]
fn zero_replicas_means_zero() {
    let objects = render(&Values::minimal().set("replicaCount", "0"));
    assert_eq!(only(&objects, "Deployment")["spec"]["replicas"], 0);
}

#[test]
fn disruption_budget_needs_more_than_one_pod() {
    let minimal = Values::minimal;
    assert!(has(&minimal(), "PodDisruptionBudget"));
    assert!(!has(&minimal().set("replicaCount", "1"), "PodDisruptionBudget"));
    assert!(has(
        &minimal().set("replicaCount", "1").set("autoscaling.enabled", "true"),
        "PodDisruptionBudget"
    ));
    assert!(!has(&minimal().set("podDisruptionBudget.enabled", "false"), "PodDisruptionBudget"));
    let objects = render(&minimal());
    let budget = &only(&objects, "PodDisruptionBudget")["spec"];
    assert_eq!(budget["maxUnavailable"], 1);
    assert_eq!(budget["unhealthyPodEvictionPolicy"], "AlwaysAllow");
}

#[test]
fn nothing_is_published_until_asked_for() {
    let objects = render(&Values::minimal());
    let expected = [
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "Pod",
        "PodDisruptionBudget",
        "Secret",
        "Service",
        "ServiceAccount",
    ];
    assert_eq!(only(&objects, "Pod")["metadata"]["annotations"]["helm.sh/hook"], "test");
    assert_eq!(kinds(&objects), BTreeSet::from(expected));
}

#[test]
fn image_digest_wins_and_tag_is_kept() {
    let image = |values: Values| text(container(&render(&values)), "/image").to_owned();
    let digest = format!("sha256:{}", "a".repeat(64));
    assert_eq!(image(Values::minimal()), format!("myapp:{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(image(Values::minimal().set("image.tag", "edge")), "myapp:edge");
    assert_eq!(image(Values::minimal().set("image.digest", &digest)), format!("myapp@{digest}"));
    assert_eq!(
        image(Values::minimal().set("image.digest", &digest).set("image.tag", "edge")),
        format!("myapp:edge@{digest}")
    );
}

#[test]
fn default_policy_opens_http_publicly_admin_to_namespace() {
    let objects = render(&Values::minimal());
    let policy = &only(&objects, "NetworkPolicy")["spec"];
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    let [public, admin] = items(policy, "/ingress") else { panic!("{policy}") };
    assert_eq!(public, &json!({"ports": [{"port": "http", "protocol": "TCP"}]}));
    assert_eq!(admin["ports"], json!([{"port": "admin", "protocol": "TCP"}]));
    let own = json!({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "myapp", "app.kubernetes.io/instance": "r"}}});
    let test = json!({"podSelector": {"matchLabels": only(&objects, "Pod")["metadata"]["labels"]}});
    assert_eq!(admin["from"], json!([own, test, {"podSelector": {}}]));
    let [dns, peers] = items(policy, "/egress") else { panic!("{policy}") };
    assert_eq!(dns["ports"], json!([{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]));
    assert_eq!(items(dns, "/to").len(), 2, "the cluster's DNS: {dns}");
    assert_eq!(peers, &json!({"ports": [{"port": "admin", "protocol": "TCP"}], "to": [own]}));
}

#[test]
fn the_policy_follows_its_values() {
    let objects = render(&ci_file("everything-on"));
    let policy = &only(&objects, "NetworkPolicy")["spec"];
    assert_eq!(items(&policy["ingress"][0], "/from").len(), 1);
    assert_eq!(items(&policy["egress"][0], "/ports").len(), 4, "two DNS ports, UDP and TCP");
    let ports: Vec<&Value> =
        items(policy, "/egress")[2..].iter().map(|rule| &rule["ports"][0]["port"]).collect();
    assert_eq!(ports, [&json!(5432), &json!(4318), &json!(4317)], "database, collector, and what was given");
    assert!(!has(&Values::minimal().set("networkPolicy.enabled", "false"), "NetworkPolicy"));
}

#[test]
fn the_drain_budget_reaches_the_process_with_units() {
    let objects = render(&Values::minimal().set("drain.minSeconds", "0").set("drain.acceptMaxSeconds", "13"));
    let environment = items(container(&objects), "/env");
    let value = |name: &str| {
        environment.iter().find(|variable| variable["name"] == name).map(|variable| text(variable, "/value"))
    };
    assert_eq!(value("MYAPP_DRAIN_MIN"), Some("0s"));
    assert_eq!(value("MYAPP_DRAIN_QUIET"), Some("3s"));
    assert_eq!(value("MYAPP_DRAIN_ACCEPT_MAX"), Some("13s"));
    assert_eq!(value("MYAPP_DRAIN_REQUESTS_MAX"), Some("10s"));
    assert_eq!(deployment_pod(&objects)["spec"]["terminationGracePeriodSeconds"], 30);
}

#[test]
fn connection_limit_fits_half_pod_memory() {
    const MEBIBYTE: u64 = 1024 * 1024;
    /// Memory of a connection whose header is being read.
    const HEADER: u64 = 32 * 1024;
    let connections = |objects: &[Value]| {
        let variables = items(container(objects), "/env").iter();
        let mut found = variables.filter(|variable| variable["name"] == "MYAPP_LIMIT_CONNECTIONS");
        text(found.next().unwrap(), "/value").to_owned()
    };
    let objects = render(&Values::minimal());
    let memory = text(container(&objects), "/resources/limits/memory").strip_suffix("Mi").unwrap();
    let memory = memory.parse::<u64>().unwrap() * MEBIBYTE;
    assert!(connections(&objects).parse::<u64>().unwrap() * HEADER <= memory / 2);
    assert_eq!(connections(&render(&Values::minimal().set("limits.connections", "100000"))), "100000");
    for value in ["0", "-1", "many", "1.5", "1000001"] {
        let message = refusal(&Values::minimal().set("limits.connections", value));
        assert!(message.contains("at '/limits/connections'"), "{value}: {message}");
    }
}

#[test]
fn sbom_is_served_only_when_enabled() {
    let file = |values: &Values| {
        let objects = render(values);
        let variables = items(container(&objects), "/env").iter();
        let mut found = variables.filter(|variable| variable["name"] == "MYAPP_SBOM");
        found.next().map(|variable| text(variable, "/value").to_owned())
    };
    assert_eq!(file(&Values::minimal()), None);
    let asked = file(&Values::minimal().set("sbom.enabled", "true"));
    assert_eq!(asked.as_deref(), Some("/usr/share/sbom/myapp.cdx.json"));
}

#[test]
fn ports_listen_on_both_families_by_default() {
    let listens = |values: &Values| {
        let variables = environment(&render(values));
        ["MYAPP_LISTEN", "MYAPP_ADMIN_LISTEN", "MYAPP_OPERATOR_LISTEN"].map(|name| variables[name].clone())
    };
    assert_eq!(listens(&Values::minimal()), ["[::]:5000", "[::]:9090", "127.0.0.1:9091"]);
    let chosen = Values::minimal().set_string("listen.address", "0.0.0.0");
    assert_eq!(listens(&chosen), ["0.0.0.0:5000", "0.0.0.0:9090", "127.0.0.1:9091"]);
    for values in [Values::minimal(), chosen] {
        assert!(start(&render(&values)).unwrap().status.success(), "{values:?}");
    }
    for address in ["::", "", "10.0.0.7", "[::]:80", "127.0.0.1"] {
        let message = refusal(&Values::minimal().set_string("listen.address", address));
        assert!(message.contains("at '/listen/address'"), "{address}: {message}");
    }
}

#[test]
fn both_services_have_requested_ip_families() {
    let families = |values: &Values| -> Vec<Value> {
        let objects = render(values);
        let specs = of_kind(&objects, "Service").into_iter().map(|service| &service["spec"]);
        specs.map(|spec| json!([spec.get("ipFamilyPolicy"), spec.get("ipFamilies")])).collect()
    };
    assert_eq!(families(&Values::minimal()), [json!([null, null]), json!([null, null])]);
    let dual = Values::minimal()
        .document(json!({"service": {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6", "IPv4"]}}));
    let both = json!(["PreferDualStack", ["IPv6", "IPv4"]]);
    assert_eq!(families(&dual), [both.clone(), both]);
    for (path, value) in [("ipFamilyPolicy", "DualStack"), ("ipFamilies[0]", "ipv6")] {
        let message = refusal(&Values::minimal().set(&format!("service.{path}"), value));
        assert!(message.contains("at '/service/ipFamil"), "{message}");
    }
}

#[test]
fn recreate_strategy_has_no_rolling_update_parameters() {
    let strategy = |values: &Values| only(&render(values), "Deployment")["spec"]["strategy"].clone();
    let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    assert_eq!(strategy(&Values::minimal()), rolling);
    assert_eq!(strategy(&Values::minimal().set("strategy.type", "Recreate")), json!({"type": "Recreate"}));
}

#[test]
fn a_single_node_can_run_the_default_spread() {
    let objects = render(&Values::minimal());
    let constraints = items(deployment_pod(&objects), "/spec/topologySpreadConstraints");
    assert_eq!(constraints.len(), 2);
    assert!(constraints.iter().all(|constraint| constraint["whenUnsatisfiable"] == "ScheduleAnyway"));
}

#[test]
fn given_pod_parts_arrive_unchanged() {
    let objects = render(&ci_file("everything-on"));
    let pod = &deployment_pod(&objects)["spec"];
    assert_eq!(pod["imagePullSecrets"], json!([{"name": "registry"}]));
    assert_eq!(pod["priorityClassName"], "web");
    assert_eq!(pod["nodeSelector"], json!({"kubernetes.io/os": "linux"}));
    assert_eq!(pod["tolerations"][0]["key"], "dedicated");
    assert_eq!(items(pod, "/topologySpreadConstraints").len(), 1, "given ones replace the default");
    assert!(items(pod, "/volumes").iter().any(|volume| volume["name"] == "scratch"));
    assert!(
        items(container(&objects), "/env").iter().any(|variable| variable["name"] == "OTEL_SERVICE_NAME")
    );
    assert_eq!(container(&objects)["envFrom"][0]["configMapRef"]["name"], "shared");
    let metadata = &deployment_pod(&objects)["metadata"];
    assert_eq!(
        (&metadata["labels"]["team"], &metadata["annotations"]["example.com/team"]),
        (&json!("platform"), &json!("platform"))
    );
}

#[test]
fn null_section_equals_empty_section() {
    let sections = [
        "podAnnotations",
        "podLabels",
        "startupProbe",
        "extraEnv",
        "volumes",
        "networkPolicy.adminFrom",
        "config.delivery",
    ];
    let values = sections.iter().fold(Values::minimal(), |values, section| values.set(section, "null"));
    let objects = render(&values);
    assert!(container(&objects).get("startupProbe").is_none());
}
