//! Ways in which settings and secrets reach the process.

use e2e::harness::namespace::in_namespace;
use serde_json::json;

use crate::support::{
    MASK, OPERATOR_PORT, PUBLIC_PORT, config, config_at, create_secret, digests, only_pod, pod_names,
};

#[test]
fn existing_secret_is_used_without_trailing_newline() {
    in_namespace(async |ns| {
        let values = json!({ "SECRET_KEY": "Secr3tXyz\n", "DB_PASSWORD": "passw0rdXyZ" });
        create_secret(ns, "mine", values).await;
        ns.install("myapp", &["--set", "existingSecret=mine", "--set", "exposeSecrets=true"]).await;
        for pod in pod_names(ns, "myapp").await {
            let (address, _forward) = ns.forward(&pod, PUBLIC_PORT).await;
            let shown = config_at(ns, &address, &address).await;
            assert_eq!(
                (&shown["SECRET_KEY"], &shown["DB_PASSWORD"]),
                (&json!("Secr3tXyz"), &json!("passw0rdXyZ"))
            );
            let elsewhere = config_at(ns, &address, "myapp.example").await;
            assert_eq!((&elsewhere["SECRET_KEY"], &elsewhere["DB_PASSWORD"]), (&json!(MASK), &json!(MASK)));
        }
    });
}

#[test]
fn env_delivery_settings_are_in_force_and_pinned() {
    in_namespace(async |ns| {
        create_secret(ns, "mine", json!({ "SECRET_KEY": "Secr3tXyz", "DB_PASSWORD": "passw0rdXyZ" })).await;
        let values = [
            "config.delivery=env",
            "existingSecret=mine",
            "config.LOG_LEVEL=warn",
            "config.MAX_CONNECTIONS=7",
        ];
        let arguments: Vec<&str> = values.into_iter().flat_map(|value| ["--set", value]).collect();
        ns.install("myapp", &arguments).await;
        for pod in pod_names(ns, "myapp").await {
            let shown = config(ns, &pod).await;
            assert_eq!((&shown["LOG_LEVEL"], &shown["MAX_CONNECTIONS"]), (&json!("warn"), &json!("7")));
            assert_eq!((&shown["SECRET_KEY"], &shown["DB_PASSWORD"]), (&json!(MASK), &json!(MASK)));
            let digests = digests(ns, &pod).await;
            assert_eq!((&digests["state"], &digests["release"]), (&json!("pinned"), &json!("matches")));
        }
    });
}

#[test]
fn operator_listener_needs_port_forward_and_logs_reveals() {
    in_namespace(async |ns| {
        let values = ["config.SECRET_KEY=Secr3tXyz", "replicaCount=1"];
        ns.install("myapp", &values.map(|value| ["--set", value]).concat()).await;
        let pod = only_pod(ns, "myapp").await;
        let from_outside = ns
            .sh(&format!("kubectl get --raw /api/v1/namespaces/{}/pods/{pod}:9091/proxy/config", ns.name()))
            .await;
        assert_ne!(from_outside.code, Some(0), "the pod's address must not lead to it");

        let (address, _forward) = ns.forward("deploy/myapp", OPERATOR_PORT).await;
        let shown = ns.sh(&format!("curl http://{address}/config")).await.succeeded();
        assert!(shown.contains(r#""SECRET_KEY":"Secr3tXyz""#), "{shown}");
        let logged =
            ns.api::<k8s_openapi::api::core::v1::Pod>().logs(&pod, &kube::api::LogParams::default()).await;
        assert!(logged.unwrap().contains("secrets revealed on the operator listener"));
    });
}
