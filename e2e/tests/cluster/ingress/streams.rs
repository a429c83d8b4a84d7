//! An answer that goes on for long, through the controller: events arrive as they happen, and a reload does not cut them.

use std::time::{Duration, Instant};

use e2e::harness::command::Background;
use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::postgres::address_towards;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde_json::json;

use super::controller::{Controller, create_ingress, host};
use crate::stream::Stream;
use crate::support::{OPERATOR_PORT, SECRET_KEY, only_pod, patch_config, until_digests};

/// The operator listener answers to names of loopback only.
const LOOPBACK: &str = "localhost";
/// Many times what an event takes, and below the 15 s between two heartbeats, which would push it out of a buffer.
const PROMPT: Duration = Duration::from_secs(10);

#[test]
fn event_stream_is_not_buffered_and_survives_reloads() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        ns.install("myapp", &[&SECRET_KEY[..], &["--set", "replicaCount=1"]].concat()).await;
        let pod = only_pod(ns, "myapp").await;
        let _forward = publish_operator_port(ns, &pod, &controller).await;
        let curl = controller.curl(LOOPBACK, "/api/v1/events", "--no-buffer").replace("--max-time 5", "");
        let mut stream = Stream::open(ns, &curl);
        stream.until(PROMPT, "event: scope").await;

        let mut delays = Vec::new();
        for (generation, level) in [(2, "info"), (3, "warn"), (4, "info")] {
            patch_config(ns, json!({ "LOG_LEVEL": level })).await;
            until_digests(ns, &pod, "to run the edit", |digests| digests["generation"] == generation).await;
            let committed = Instant::now();
            stream.until(PROMPT, "event: committed").await;
            delays.push(committed.elapsed());
            controller.reload(ns, &host(ns)).await;
        }
        // The drain ends the answer, which has to reach the client as a whole.
        ns.run("kubectl", &["delete", "pod", &pod, "--wait=false"], "").await.succeeded();
        assert_eq!(stream.end().await, Some(0), "curl's exit code, which is 18 where an answer is cut");
        println!("three events through the controller, two reloads after each: seen after {delays:?}");
    });
}

/// Leads the controller to the operator listener of a pod, which is on the pod's loopback and so is never published: a forward at
/// this machine's address makes it a server like any other.
async fn publish_operator_port(ns: &Namespace, pod: &str, controller: &Controller) -> Background {
    let here = address_towards(controller.address_of_the_node);
    let forward = ns.shell(&format!("exec kubectl port-forward --address {here} {pod} :{OPERATOR_PORT}"));
    let forward = Background::start(forward, &format!("Forwarding from {here}:")).await;
    let address = forward.announced.split_whitespace().nth(2).unwrap();
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    let ports = json!([{ "name": "http", "port": port, "protocol": "TCP" }]);
    ns.create_object::<Service>(json!({
        "metadata": { "name": "operator" }, "spec": { "ports": [{ "name": "http", "port": port }] },
    }))
    .await;
    ns.create_object::<EndpointSlice>(json!({
        "metadata": { "name": "operator", "labels": { "kubernetes.io/service-name": "operator" } },
        "addressType": "IPv4",
        "endpoints": [{ "addresses": [here], "conditions": { "ready": true } }],
        "ports": ports,
    }))
    .await;
    create_ingress(ns, "operator", LOOPBACK, "operator").await;
    controller.until(ns, LOOPBACK, "/api/v1/status", "200").await;
    forward
}
