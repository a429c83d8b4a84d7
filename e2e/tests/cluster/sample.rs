//! The sample in Python, the assignment's Flask application, on its own chart: alone, and under the agent.

mod sidecar;

use e2e::confpath;
use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::python_image::{PythonRoot, SAMPLE, push};
use e2e::harness::registry::Registry;
use e2e::harness::wait::{condition, until};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::ResourceExt as _;
use serde_json::{Value, json};

use crate::registry::{is_node_this_machine, skip};
use crate::support::{config, create_secret, names, pod_names, until_digests};
use crate::walkthrough::KNOWN_ANSWER;

const PORT: u16 = 5000;

/// Values of the walk-through; whether secrets are shown is no setting.
const KNOWN: &str = "--set existingSecret=pyapp-secrets --set config.LOG_LEVEL=debug --set config.MAX_CONNECTIONS=50 \
    --set extraEnv[0].name=EXPOSE_SECRETS --set-string extraEnv[0].value=true";

#[test]
fn flask_sample_answers_known_157_bytes() {
    if !is_node_this_machine() {
        return skip();
    }
    in_namespace(async |ns| {
        let registry = Registry::open();
        let image = image(&registry);
        secrets(ns).await;
        let install =
            format!("helm install --wait pyapp {SAMPLE}/charts/pyapp {KNOWN} --set image.repository={image}");
        ns.sh(&install).await.succeeded();
        ns.rolled_out("pyapp").await;
        let pods = pod_names(ns, "pyapp").await;
        assert_eq!(pods.len(), 2);
        for pod in pods {
            assert_eq!(ns.get(&pod, PORT, "/config").await, KNOWN_ANSWER);
            assert_eq!(ns.get(&pod, PORT, "/healthz").await, "{\"status\":\"ok\"}\n");
        }
    });
}

/// Builds the sample's image and pushes it. Returns its name, without the tag.
fn image(registry: &Registry) -> String {
    let image = format!("{}/pyapp", registry.address());
    PythonRoot::of_sample().push(SAMPLE.as_ref(), &format!("{image}:0.1.0"));
    image
}

async fn secrets(ns: &Namespace) {
    create_secret(ns, "pyapp-secrets", json!({ "SECRET_KEY": "Secr3tXyz", "DB_PASSWORD": "passw0rdXyZ" }))
        .await;
}

#[test]
fn agent_brings_changes_into_flask_workers() {
    if !is_node_this_machine() {
        return skip();
    }
    in_namespace(async |ns| {
        let registry = Registry::open();
        let upgrade = install_with_agent(ns, &registry).await;
        let pods = ns.pods("pyapp").await;
        converged(ns, "pyapp", &pods).await;
        assert_eq!(ns.get(&names(&pods)[0], PORT, "/config").await, KNOWN_ANSWER);

        ns.sh(&format!("{upgrade} --set config.LOG_LEVEL=info")).await.succeeded();
        let tested = ns.sh("helm test pyapp --logs").await.succeeded();
        assert!(tested.contains("2 replicas agree"), "{tested}");
        converged(ns, "pyapp", &pods).await;
        assert_eq!(in_force(ns, &pods, "LOG_LEVEL").await, ["info", "info"]);

        refused_change_stays_out(ns, &pods).await;
        edit_past_the_release_shows(ns, &pods).await;
        veto_stays_out(ns, &pods).await;
        same_processes(ns, "pyapp", &pods).await;
    });
}

#[test]
fn flask_change_and_rollout_lose_no_request() {
    if !is_node_this_machine() {
        return skip();
    }
    in_namespace(async |ns| {
        let registry = Registry::open();
        let upgrade = install_with_agent(ns, &registry).await;
        let proxied = ns.load("pyapp", "/config").await;
        let direct = ns.clients("pyapp", "/config").await.unwrap();
        let before = ns.pods("pyapp").await;
        ns.sh(&format!("{upgrade} --set config.LOG_LEVEL=info")).await.succeeded();
        converged(ns, "pyapp", &before).await;
        same_processes(ns, "pyapp", &before).await;
        ns.sh("kubectl rollout restart deployment/pyapp").await.succeeded();
        ns.rolled_out("pyapp").await;
        for pod in names(&before) {
            until(ns.api::<Pod>(), &pod, "to be gone", condition::gone()).await;
        }
        let tally = proxied.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "beside {} answers", tally.answered);
        let tally = direct.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
        println!("a change and a rollout: {tally}");
    });
}

/// Installs the chart with the agent. Returns the command, which upgrades too.
async fn install_with_agent(ns: &Namespace, registry: &Registry) -> String {
    let (image, agent) = (image(registry), agent_image(registry));
    secrets(ns).await;
    let upgrade = format!(
        "helm upgrade --install --wait pyapp {SAMPLE}/charts/pyapp {KNOWN} --set image.repository={image} \
         --set agent.enabled=true --set agent.image.repository={agent} --set agent.image.tag=test"
    );
    ns.sh(&upgrade).await.succeeded();
    ns.rolled_out("pyapp").await;
    upgrade
}

/// A value that the contract refuses, edited past Helm.
async fn refused_change_stays_out(ns: &Namespace, pods: &[Pod]) {
    patch(ns, "configmap", "pyapp", &json!({ "data": { "MAX_CONNECTIONS": "0" } })).await;
    for pod in names(pods) {
        let digests = until_digests(ns, &pod, "to refuse", |digests| digests["apply"] == "rejected").await;
        let reason = digests["reasons"][0].as_str().unwrap();
        assert!(reason.contains("MAX_CONNECTIONS: must be a whole number from 1 to 1000"), "{digests}");
    }
    assert_eq!(in_force(ns, pods, "MAX_CONNECTIONS").await, ["50", "50"]);
}

/// A valid value that no release has rendered.
async fn edit_past_the_release_shows(ns: &Namespace, pods: &[Pod]) {
    patch(ns, "configmap", "pyapp", &json!({ "data": { "MAX_CONNECTIONS": "40" } })).await;
    for pod in names(pods) {
        until_digests(ns, &pod, "to drift", |digests| {
            digests["state"] == "drifted" && digests["running"] == digests["mounted"]
        })
        .await;
    }
    assert_eq!(in_force(ns, pods, "MAX_CONNECTIONS").await, ["40", "40"]);
    patch(ns, "configmap", "pyapp", &json!({ "data": { "MAX_CONNECTIONS": "50" } })).await;
    converged(ns, "pyapp", pods).await;
}

/// Two secrets, each of which the contract accepts, and the service does not accept together.
async fn veto_stays_out(ns: &Namespace, pods: &[Pod]) {
    let password = async |text: &str| {
        patch(ns, "secret", "pyapp-secrets", &json!({ "stringData": { "DB_PASSWORD": text } })).await;
    };
    password("Secr3tXyz").await;
    for pod in names(pods) {
        let digests =
            until_digests(ns, &pod, "to hear the veto", |digests| digests["apply"] == "rejected").await;
        assert!(digests["reasons"][0].as_str().unwrap().contains("must differ"), "{digests}");
    }
    assert_eq!(in_force(ns, pods, "DB_PASSWORD").await, ["passw0rdXyZ", "passw0rdXyZ"]);
    password("an0therXyZ").await;
    for pod in names(pods) {
        until_digests(ns, &pod, "to take the password", |digests| digests["apply"] == "converged").await;
    }
    assert_eq!(in_force(ns, pods, "DB_PASSWORD").await, ["an0therXyZ", "an0therXyZ"]);
}

/// Expects that nothing was restarted.
async fn same_processes(ns: &Namespace, release: &str, before: &[Pod]) {
    let after = ns.pods(release).await;
    assert_eq!(names(&after), names(before));
    for pod in after {
        let name = pod.name_any();
        let status = pod.status.unwrap();
        let mut statuses = status.container_statuses.unwrap();
        statuses.extend(status.init_container_statuses.unwrap_or_default());
        assert!(statuses.iter().all(|status| status.restart_count == 0), "{name}: {statuses:?}");
    }
}

async fn converged(ns: &Namespace, release: &str, pods: &[Pod]) {
    let seal = ns.api::<ConfigMap>().get(release).await.unwrap().data.unwrap()["CONFIG_SEAL"].clone();
    for pod in names(pods) {
        until_digests(ns, &pod, "to run what was rendered", |digests| {
            digests["state"] == "converged" && digests["running"] == *seal
        })
        .await;
    }
}

/// The value of a setting that each pod shows.
async fn in_force(ns: &Namespace, pods: &[Pod], key: &str) -> Vec<String> {
    let mut shown = Vec::new();
    for pod in names(pods) {
        shown.push(config(ns, &pod).await[key].as_str().unwrap().to_owned());
    }
    shown
}

async fn patch(ns: &Namespace, kind: &str, name: &str, patch: &Value) {
    ns.run("kubectl", &["patch", kind, name, "-p", &patch.to_string()], "").await.succeeded();
}

/// Builds the tool's image and pushes it. Returns its name, without the tag.
fn agent_image(registry: &Registry) -> String {
    let folder = tempfile::tempdir().unwrap();
    confpath::write_image(folder.path()).unwrap();
    let image = format!("{}/confpath", registry.address());
    let stage = format!("--build-context=build={}", folder.path().display());
    push(folder.path(), &format!("{image}:test"), &[&stage]);
    image
}
