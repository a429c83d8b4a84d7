//! The service through an Ingress and through a Gateway, served by a third-party controller.

mod certificate;
mod controller;
mod gateway;
mod invalid;
mod streams;

use std::net::IpAddr;

use e2e::harness::namespace::in_namespace;
use e2e::harness::wait::{ARRIVAL, condition, until};
use k8s_openapi::api::core::v1::{Pod, Secret};
use serde_json::json;
use test_support::wait::until_async;

use certificate::Certificate;
pub(crate) use controller::{Controller, host, published};
use controller::{UNKNOWN, as_arguments};

use crate::support::{PUBLIC_PORT, SECRET_KEY, pod_names};

/// Output of the walk-through's `curl`.
const MASKED: &str = concat!(
    r#"{"API_BASE_URL":"/","DB_PASSWORD":"********","LOG_LEVEL":"error","MAX_CONNECTIONS":"30","SECRET_KEY":"********","message":"Config and secrets accessed"}"#,
    "\n"
);

#[test]
fn ingress_host_and_path_serve_walkthrough_bytes() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let secrets = ["--set", "config.SECRET_KEY=xyz", "--set", "config.DB_PASSWORD=p123"];
        ns.install("myapp", &[&secrets, &as_arguments(&published(&host, "/"))[..]].concat()).await;
        controller.until(ns, &host, "/config", "200").await;
        assert_eq!(controller.get(ns, &host, "/config").await, MASKED);
        assert_eq!(controller.status(ns, "other.test", "/config").await, UNKNOWN);
        let reached = "kubectl get ingress myapp -o jsonpath='{.status.loadBalancer.ingress[0].ip}'";
        assert!(ns.sh(reached).await.succeeded().parse::<IpAddr>().is_ok(), "it says where it is served");

        // By path, which no proxy has to take off.
        let below =
            published(&host, "/shop").iter().map(|value| format!("--set {value}")).collect::<Vec<_>>();
        let upgrade = "helm upgrade --reuse-values myapp ./charts/myapp --set config.API_BASE_URL=/shop";
        ns.sh(&format!("{upgrade} {}", below.join(" "))).await.succeeded();
        controller.until(ns, &host, "/config", UNKNOWN).await;
        let expected = MASKED.replacen(r#""/""#, r#""/shop""#, 1);
        let ask = async || controller.get(ns, &host, "/shop/config").await;
        until_async(ARRIVAL, "the new path to be in force", ask, |answer| *answer == expected).await;
        let pod = &pod_names(ns, "myapp").await[0];
        assert_eq!(ns.get(pod, PUBLIC_PORT, "/config").await, expected);
    });
}

#[test]
fn path_rewritten_by_controller_reaches_service() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let middlewares = r"ingress.annotations.traefik\.ingress\.kubernetes\.io/router\.middlewares";
        let rewrite = format!("{middlewares}=strip-first-segment@file");
        let values = [&published(&host, "/shop")[..], &[rewrite]].concat();
        let secrets = ["--set", "config.SECRET_KEY=xyz", "--set", "config.DB_PASSWORD=p123"];
        let notes = ns.install("myapp", &[&secrets, &as_arguments(&values)[..]].concat()).await;
        assert!(!notes.contains("leads to no route"), "{notes}");
        controller.until(ns, &host, "/shop/config", "200").await;
        assert_eq!(controller.get(ns, &host, "/shop/config").await, MASKED);
        assert_eq!(controller.status(ns, &host, "/config").await, UNKNOWN);
    });
}

#[test]
fn rolling_updates_and_controller_reloads_lose_no_request() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        ns.install("myapp", &[&SECRET_KEY[..], &as_arguments(&published(&host, "/"))].concat()).await;
        controller.until(ns, &host, "/config", "200").await;
        let load = controller.clients(&host).await;

        let before = pod_names(ns, "myapp").await;
        ns.sh("kubectl rollout restart deployment/myapp").await.succeeded();
        ns.rolled_out("myapp").await;
        for pod in before {
            until(ns.api::<Pod>(), &pod, "to be gone", condition::gone()).await;
        }
        controller.reload(ns, &host).await;

        let tally = load.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
        assert!(tally.answered("without pause") > 100, "{tally}");
        println!("a rolling update and two reloads behind the controller: {tally}");
    });
}

#[test]
fn ingress_serves_secret_tls_and_new_certificate() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let folder = tempfile::tempdir().unwrap();
        let certificates = ["first", "second"].map(|name| Certificate::make(folder.path(), name, &host));
        ns.create_object::<Secret>(json!({
            "metadata": { "name": "shown" },
            "type": "kubernetes.io/tls",
            "stringData": certificates[0].secret(),
        }))
        .await;
        let tls = ["ingress.tls[0].secretName=shown".to_owned(), format!("ingress.tls[0].hosts[0]={host}")];
        let values = [published(&host, "/"), tls.to_vec()].concat();
        ns.install("myapp", &[&SECRET_KEY[..], &as_arguments(&values)].concat()).await;

        let verified = async |certificate: &Certificate| controller.verified(ns, &host, certificate).await;
        let is_served = |status: &String| status == "200";
        until_async(
            ARRIVAL,
            "the certificate to be shown",
            async || verified(&certificates[0]).await,
            is_served,
        )
        .await;
        assert_ne!(verified(&certificates[1]).await, "200", "the other certificate is not trusted yet");
        let patch = json!({ "stringData": certificates[1].secret() });
        ns.run("kubectl", &["patch", "secret", "shown", "-p", &patch.to_string()], "").await.succeeded();
        until_async(
            ARRIVAL,
            "the new certificate to be shown",
            async || verified(&certificates[1]).await,
            is_served,
        )
        .await;
    });
}
