//! Ingresses that lack something or collide: no request is lost, no pod restarts, and what is mended takes effect.

use e2e::harness::namespace::in_namespace;
use e2e::harness::wait::ARRIVAL;
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;
use test_support::wait::until_async;

use super::certificate::Certificate;
use super::controller::{Controller, UNKNOWN, as_arguments, host, published};
use crate::support::{SECRET_KEY, assert_untouched};

#[test]
fn missing_tls_secret_is_awaited_without_lost_requests() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let folder = tempfile::tempdir().unwrap();
        let certificate = Certificate::make(folder.path(), "late", &host);
        let tls = ["ingress.tls[0].secretName=late".to_owned(), format!("ingress.tls[0].hosts[0]={host}")];
        let values = [published(&host, "/"), tls.to_vec()].concat();
        let notes = ns.install("myapp", &[&SECRET_KEY[..], &as_arguments(&values)].concat()).await;
        let hint = format!("HINT: TLS for {host} needs the Secret late (kubectl ");
        assert!(notes.contains(&hint), "{notes}");

        let pods = ns.pods("myapp").await;
        controller.until(ns, &host, "/config", "200").await;
        let load = controller.clients(&host).await;
        assert_eq!(controller.unverified(ns, &host).await, "200", "by a certificate of the controller's own");
        assert_ne!(controller.verified(ns, &host, &certificate).await, "200");
        ns.create_object::<Secret>(json!({
            "metadata": { "name": "late" }, "type": "kubernetes.io/tls", "stringData": certificate.secret(),
        }))
        .await;
        let verified = async || controller.verified(ns, &host, &certificate).await;
        until_async(ARRIVAL, "the certificate to be served", verified, |status| status == "200").await;

        let tally = load.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
        assert_untouched(ns, &pods).await;
        println!("TLS without its Secret, and with it: {tally}");
    });
}

#[test]
fn second_release_on_path_loses_no_request() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let arguments = published(&host, "/");
        let arguments = [&SECRET_KEY[..], &as_arguments(&arguments)].concat();
        ns.install("myapp", &arguments).await;
        let pods = ns.pods("myapp").await;
        controller.until(ns, &host, "/config", "200").await;
        let load = controller.clients(&host).await;

        ns.install("other", &arguments).await;
        controller.reload(ns, &host).await;
        ns.uninstall("other").await;
        controller.reload(ns, &host).await;

        let tally = load.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
        assert_eq!(controller.status(ns, &host, "/config").await, "200");
        assert_untouched(ns, &pods).await;
        println!("a second release on the same path, and gone: {tally}");
    });
}

#[test]
fn ingress_without_a_served_class_touches_no_pod() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let values = [&published(&host, "/")[..], &["ingress.className=".to_owned()]].concat();
        let notes = ns.install("myapp", &[&SECRET_KEY[..], &as_arguments(&values)].concat()).await;
        assert!(notes.contains("HINT: the Ingress names no class"), "{notes}");
        let pods = ns.pods("myapp").await;
        // Traefik also takes an Ingress without class, where it is not started with the name of one.
        controller.until(ns, &host, "/config", "200").await;

        let upgrade = "helm upgrade --reuse-values myapp ./charts/myapp --set ingress.className=";
        ns.sh(&format!("{upgrade}absent")).await.succeeded();
        controller.until(ns, &host, "/config", UNKNOWN).await;
        ns.sh(&format!("{upgrade}traefik")).await.succeeded();
        controller.until(ns, &host, "/config", "200").await;
        assert_untouched(ns, &pods).await;
    });
}
