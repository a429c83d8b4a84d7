//! The service through a Gateway: an HTTPRoute that the real definitions accept, with filters and timeouts.

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::ARRIVAL;
use serde_json::{Value, json};
use test_support::wait::until_async;

use super::MASKED;
use super::controller::{Controller, UNKNOWN, host};
use crate::support::assert_untouched;

#[test]
fn httproute_is_accepted_and_served_with_its_filters() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let rules = rules();
        let (set_rules, set_host) =
            (format!("httpRoute.rules={rules}"), format!("httpRoute.hostnames[0]={host}"));
        let secrets = ["--set", "config.SECRET_KEY=xyz", "--set", "config.DB_PASSWORD=p123"];
        let values = ["--set", "httpRoute.enabled=true", "--set", &set_host, "--set-json", &set_rules];
        ns.install("myapp", &[&secrets[..], &values].concat()).await;
        let pods = ns.pods("myapp").await;

        // Without its Gateway the route waits, and the pods serve.
        assert_eq!(route(ns).await.pointer("/status/parents/0"), None);
        assert_eq!(controller.status(ns, &host, "/config").await, UNKNOWN);
        create_gateway(ns, controller.port_on_the_node).await;
        let is_accepted = |route: &Value| holds(route, "Accepted") && holds(route, "ResolvedRefs");
        let route =
            until_async(ARRIVAL, "the route to be accepted", async || route(ns).await, is_accepted).await;
        for (index, rule) in rules.as_array().unwrap().iter().enumerate() {
            for field in ["filters", "timeouts"] {
                let stored = &route["spec"]["rules"][index][field];
                assert_eq!(stored, &rule[field], "{field} as the API server stored them");
            }
        }

        controller.until(ns, &host, "/config", "200").await;
        let shown = ns.sh(&controller.curl(&host, "/config", "--include")).await.succeeded();
        assert!(shown.to_lowercase().contains("x-way: gateway"), "{shown}");
        assert!(shown.ends_with(MASKED), "{shown}");
        assert_eq!(controller.get(ns, &host, "/shop/config").await, MASKED, "rewritten on the way");
        assert_eq!(controller.status(ns, &host, "/other/config").await, UNKNOWN);
        assert_untouched(ns, &pods).await;
    });
}

/// Two rules with every kind of field that the chart passes on.
fn rules() -> Value {
    let matches = |path: &str| json!([{ "path": { "type": "PathPrefix", "value": path } }]);
    let timeouts = json!({ "request": "10s", "backendRequest": "5s" });
    let header = json!({
        "type": "ResponseHeaderModifier",
        "responseHeaderModifier": { "set": [{ "name": "x-way", "value": "gateway" }] },
    });
    let path = json!({ "type": "ReplacePrefixMatch", "replacePrefixMatch": "/" });
    let rewrite = json!({ "type": "URLRewrite", "urlRewrite": { "path": path } });
    json!([
        { "matches": matches("/"), "filters": [header], "timeouts": timeouts },
        { "matches": matches("/shop"), "filters": [rewrite], "timeouts": timeouts },
    ])
}

/// Creates the Gateway that the chart's values name.
async fn create_gateway(ns: &Namespace, port: u16) {
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": { "name": "gateway" },
        "spec": {
            "gatewayClassName": "traefik",
            "listeners": [{ "name": "http", "protocol": "HTTP", "port": port }],
        },
    });
    ns.run("kubectl", &["create", "--filename=-"], &gateway.to_string()).await.succeeded();
}

async fn route(ns: &Namespace) -> Value {
    let route = ns.sh("kubectl get httproute myapp -o json").await.succeeded();
    serde_json::from_str(&route).unwrap()
}

/// A condition that the controller reports of the route is true.
fn holds(route: &Value, kind: &str) -> bool {
    let conditions = route.pointer("/status/parents/0/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
}
