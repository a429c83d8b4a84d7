//! Shorthands of this tier.

use e2e::harness::namespace::Namespace;
use e2e::harness::wait::until_any;
use k8s_openapi::api::core::v1::{Pod, Secret};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::ResourceExt;
use serde_json::{Value, json};

pub(crate) const PUBLIC_PORT: u16 = 5000;
pub(crate) const ADMIN_PORT: u16 = 9090;

/// What `/config` shows in place of a secret.
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

/// What a pod says of its settings.
pub(crate) async fn config(ns: &Namespace, pod: &str) -> Value {
    serde_json::from_str(&ns.get(pod, PUBLIC_PORT, "/config").await).unwrap()
}

/// What a pod says of its state to its peers.
pub(crate) async fn digests(ns: &Namespace, pod: &str) -> Value {
    serde_json::from_str(&ns.get(pod, ADMIN_PORT, "/digests").await).unwrap()
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

/// Where other pods reach this one.
pub(crate) fn address_of(pod: &Pod) -> String {
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.clone());
    address.unwrap_or_else(|| panic!("{} has no address", pod.name_any()))
}
