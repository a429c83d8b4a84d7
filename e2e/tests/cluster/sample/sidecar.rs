//! The sample in Go with the agent as a container beside it, and with a database outside the cluster.

use std::process::Command;

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::postgres::Postgres;
use e2e::harness::python_image::push;
use e2e::harness::registry::Registry;
use e2e::pod_security::restricted_violations;
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use serde_json::{Value, json};

use super::{agent_image, converged, patch, same_processes};
use crate::registry::{is_node_this_machine, skip};
use crate::support::{address_for_pods, create_secret, digests, name_in_the_cluster, names, until_digests};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/go");
const PORT: u16 = 8080;
/// The role, and its database.
const ROLE: &str = "shop";
const PASSWORDS: [&str; 2] = ["MARKED-first-password-51d0", "MARKED-second-password-e8f2"];

#[test]
fn sidecar_brings_change_and_password_into_pods() {
    if !is_node_this_machine() {
        return skip();
    }
    in_namespace(async |ns| {
        let registry = Registry::open();
        let server = database(ns).await;
        let values = values(ns, &registry, &server);
        let pods = upgrade(ns, &values, "info").await;
        for pod in &pods {
            is_restricted(pod.spec.as_ref().unwrap());
        }
        converged(ns, "goapp", &pods).await;

        upgrade(ns, &values, "debug").await;
        converged(ns, "goapp", &pods).await;
        for pod in names(&pods) {
            assert_eq!(answer(ns, &pod, "/").await["LOG_LEVEL"], "debug");
        }
        rotate(ns, &server, &pods).await;
        let tested = ns.sh("helm test goapp --logs").await.succeeded();
        assert!(tested.contains("2 replicas agree"), "{tested}");
        same_processes(ns, "goapp", &pods).await;
    });
}

/// Starts a server outside the cluster, with a name in it.
async fn database(ns: &Namespace) -> Postgres {
    let server = Postgres::start(address_for_pods(ns).await, &format!("database.{}.svc", ns.name())).await;
    server.sql("postgres", &format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{}'", PASSWORDS[0])).await;
    server.sql("postgres", &format!("CREATE DATABASE {ROLE} OWNER {ROLE}")).await;
    name_in_the_cluster(ns, "database", (server.address(), server.port()).into()).await;
    create_secret(ns, "goapp-secrets", json!({ "DB_PASSWORD": PASSWORDS[0] })).await;
    server
}

/// Builds and pushes both images. Returns the values of a release with them.
fn values(ns: &Namespace, registry: &Registry, server: &Postgres) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut go = Command::new("go");
    go.args(["build", "-trimpath", "-o"]).arg(folder.path().join("goapp")).arg(".");
    assert!(go.env("CGO_ENABLED", "0").current_dir(SAMPLE).status().unwrap().success());
    let image = format!("{}/goapp", registry.address());
    let stage = format!("--build-context=build={}", folder.path().display());
    push(SAMPLE.as_ref(), &format!("{image}:0.1.0"), &[&stage]);
    let to_the_server = json!({
        "ports": [{ "port": server.port(), "protocol": "TCP" }],
        "to": [{ "ipBlock": { "cidr": format!("{}/32", server.address()) } }],
    });
    let url =
        format!("postgres://{ROLE}@database.{}.svc:{}/{ROLE}?sslmode=require", ns.name(), server.port());
    json!({
        "image": { "repository": image },
        "existingSecret": "goapp-secrets",
        "agent": {
            "enabled": true, "form": "sidecar", "image": { "repository": agent_image(registry), "tag": "test" },
        },
        "config": { "DATABASE_URL": url },
        "networkPolicy": { "egress": [to_the_server] },
    })
}

/// Installs or upgrades the release, with this level, and returns its pods.
async fn upgrade(ns: &Namespace, values: &Value, level: &str) -> Vec<Pod> {
    let chart = format!("{SAMPLE}/charts/goapp");
    let level = format!("config.LOG_LEVEL={level}");
    let command = ["upgrade", "--install", "--wait", "goapp", &chart, "--values", "-", "--set", &level];
    ns.run("helm", &command, &values.to_string()).await.succeeded();
    ns.rolled_out("goapp").await;
    ns.pods("goapp").await
}

/// Expects what Pod Security "restricted" asks for, and roots that cannot be written to, of the agent too.
fn is_restricted(pod: &PodSpec) {
    let pod = serde_json::to_value(pod).unwrap();
    assert_eq!(restricted_violations(&pod), Vec::<String>::new());
    let containers = ["initContainers", "containers"].map(|list| pod[list].as_array().unwrap());
    assert_eq!(containers.map(Vec::len), [1, 1]);
    for container in containers.into_iter().flatten() {
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{container}");
    }
}

/// Changes the password on the server and in the Secret, and expects it in force in all pods.
async fn rotate(ns: &Namespace, server: &Postgres, pods: &[Pod]) {
    let mut former = Vec::new();
    for pod in names(pods) {
        former.push(digests(ns, &pod).await["generation"].as_u64().unwrap());
    }
    server.sql("postgres", &format!("ALTER ROLE {ROLE} PASSWORD '{}'", PASSWORDS[1])).await;
    patch(ns, "secret", "goapp-secrets", &json!({ "stringData": { "DB_PASSWORD": PASSWORDS[1] } })).await;
    for (pod, former) in names(pods).iter().zip(former) {
        let told = until_digests(ns, pod, "to have the new password in force", |digests| {
            digests["generation"].as_u64() > Some(former) && digests["state"] == "converged"
        })
        .await;
        assert!(PASSWORDS.iter().all(|password| !told.to_string().contains(password)), "{told}");
        assert_eq!(answer(ns, pod, "/rows").await["role"], ROLE);
    }
    assert!(!server.lets_in(ROLE, PASSWORDS[0]).await, "the old password is still good");
}

async fn answer(ns: &Namespace, pod: &str, path: &str) -> Value {
    serde_json::from_str(&ns.get(pod, PORT, path).await).unwrap()
}
