//! Shorthands of this tier.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use e2e::harness::command::Outcome;
use e2e::harness::namespace::Namespace;
use e2e::harness::postgres::address_towards;
use e2e::harness::wait::{ARRIVAL, condition, until_any};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::ResourceExt;
use serde_json::{Value, json};
use test_support::wait::until_async;

pub(crate) const PUBLIC_PORT: u16 = 5000;
pub(crate) const ADMIN_PORT: u16 = 9090;
pub(crate) const OPERATOR_PORT: u16 = 9091;

/// Mask that `/config` prints in place of a secret.
pub(crate) const MASK: &str = "********";

/// The least a release needs.
pub(crate) const SECRET_KEY: [&str; 2] = ["--set", "config.SECRET_KEY=xyz"];

/// The names of a release's pods, sorted.
pub(crate) async fn pod_names(ns: &Namespace, release: &str) -> Vec<String> {
    names(&ns.pods(release).await)
}

pub(crate) fn names(pods: &[Pod]) -> Vec<String> {
    pods.iter().map(ResourceExt::name_any).collect()
}

/// The only pod of a release that has one replica.
pub(crate) async fn only_pod(ns: &Namespace, release: &str) -> String {
    let names = pod_names(ns, release).await;
    let [name] = &names[..] else { panic!("one pod expected: {names:?}") };
    name.clone()
}

/// A pod's answer of `/config`.
pub(crate) async fn config(ns: &Namespace, pod: &str) -> Value {
    serde_json::from_str(&ns.get(pod, PUBLIC_PORT, "/config").await).unwrap()
}

/// The answer of `/config` on `address`, to which the pod's public port is forwarded, to a request for `host`: secrets are
/// exposed to names of loopback only. The `Host` of requests through the API server depends on that server's own address.
pub(crate) async fn config_at(ns: &Namespace, address: &str, host: &str) -> Value {
    let shown = ns.sh(&format!("curl -s -H 'Host: {host}' http://{address}/config")).await.succeeded();
    serde_json::from_str(&shown).unwrap()
}

/// A pod's answer of `/digests`, which its peers read.
pub(crate) async fn digests(ns: &Namespace, pod: &str) -> Value {
    serde_json::from_str(&ns.get(pod, ADMIN_PORT, "/digests").await).unwrap()
}

/// Waits until `holds` is true of a pod's `/digests`.
pub(crate) async fn until_digests(
    ns: &Namespace,
    pod: &str,
    what: &str,
    holds: impl Fn(&Value) -> bool,
) -> Value {
    until_async(ARRIVAL, &format!("{pod} {what}"), async || digests(ns, pod).await, holds).await
}

/// Waits until each replica runs exactly the rendered release.
pub(crate) async fn converged(ns: &Namespace, pods: &[Pod]) {
    let seal = config_map(ns).await["CONFIG_SEAL"].clone();
    for pod in names(pods) {
        until_digests(ns, &pod, "to run what was rendered", |digests| {
            digests["state"] == "converged" && digests["running"] == *seal
        })
        .await;
    }
}

/// The ConfigMap of the release `myapp`.
pub(crate) async fn config_map(ns: &Namespace) -> BTreeMap<String, String> {
    ns.api::<ConfigMap>().get("myapp").await.unwrap().data.unwrap_or_default()
}

/// Edits the ConfigMap of the release `myapp` outside of the release, as a person would. A value of `null` removes the key.
pub(crate) async fn patch_config(ns: &Namespace, data: Value) {
    let patch = json!({ "data": data }).to_string();
    ns.run("kubectl", &["patch", "configmap", "myapp", "-p", &patch], "").await.succeeded();
}

/// Output and exit code of `myapp verify` in a pod.
pub(crate) async fn verify(ns: &Namespace, pod: &str) -> Outcome {
    // kubectl passes the program's own exit code on.
    ns.run("kubectl", &["exec", pod, "--", "/myapp", "verify"], "").await
}

/// Expects the release's pods to be the same ones as before, without a restart.
pub(crate) async fn assert_untouched(ns: &Namespace, before: &[Pod]) {
    let after = ns.pods("myapp").await;
    let uids = |pods: &[Pod]| pods.iter().map(|pod| pod.metadata.uid.clone()).collect::<Vec<_>>();
    assert_eq!(uids(before), uids(&after));
    assert!(after.iter().all(condition::is_ready_at_first_try), "{after:#?}");
}

/// Waits until a Service leads to exactly these pods.
pub(crate) async fn leads_to(ns: &Namespace, service: &str, pods: &[String]) {
    let exactly = |slice: &EndpointSlice| {
        let ready = slice.endpoints.iter().filter(|endpoint| is_ready(endpoint));
        let mut names: Vec<String> = ready.filter_map(|endpoint| endpoint.target_ref.clone()?.name).collect();
        names.sort();
        names == pods
    };
    let labels = format!("kubernetes.io/service-name={service}");
    until_any(ns.api::<EndpointSlice>(), &labels, &format!("to lead to {pods:?} only"), exactly).await;
}

fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|conditions| conditions.ready) == Some(true)
}

/// Puts a Secret into the namespace the way a person's own tools do.
pub(crate) async fn create_secret(ns: &Namespace, name: &str, values: Value) {
    ns.create_object::<Secret>(json!({ "metadata": { "name": name }, "stringData": values })).await;
}

/// The pod's address for other pods.
pub(crate) fn address_of(pod: &Pod) -> String {
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.clone());
    address.unwrap_or_else(|| panic!("{} has no address", pod.name_any()))
}

/// This machine's address for pods.
pub(crate) async fn address_for_pods(ns: &Namespace) -> IpAddr {
    let node =
        "kubectl get nodes -o jsonpath='{.items[0].status.addresses[?(@.type==\"InternalIP\")].address}'";
    address_towards(ns.sh(node).await.succeeded().parse().unwrap())
}

/// Creates a name for an address outside the cluster, like the name of a managed server.
pub(crate) async fn name_in_the_cluster(ns: &Namespace, name: &str, server: SocketAddr) {
    let ports = json!([{ "name": "server", "port": server.port(), "protocol": "TCP" }]);
    let service = json!({ "metadata": { "name": name }, "spec": { "clusterIP": "None", "ports": ports } });
    ns.create_object::<Service>(service).await;
    ns.create_object::<EndpointSlice>(json!({
        "metadata": { "name": name, "labels": { "kubernetes.io/service-name": name } },
        "addressType": "IPv4",
        "endpoints": [{ "addresses": [server.ip()], "conditions": { "ready": true } }],
        "ports": ports,
    }))
    .await;
}
