//! Changes that running pods take: of the ConfigMap, of the Secret, by hand and by Helm.

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::ARRIVAL;
use serde_json::{Value, json};
use test_support::wait::until_async;

use crate::support::{
    PUBLIC_PORT, SECRET_KEY, address_of, assert_untouched, config, config_at, config_map, converged, digests,
    names, patch_config, pod_names, until_digests, verify,
};

/// Upgrades the release `myapp` with another value or flag.
fn upgrade(more: &str) -> String {
    format!("helm upgrade --reuse-values myapp ./charts/myapp {more}")
}

/// Returns true if a pod runs an edit that no release rendered.
fn runs_an_edit(digests: &Value) -> bool {
    digests["state"] == "drifted"
        && digests["running"] == digests["mounted"]
        && digests["running"] != digests["rendered"]
}

#[test]
fn patch_reaches_replicas_live_and_forced_upgrade_heals() {
    in_namespace(async |ns| {
        ns.install("myapp", &SECRET_KEY).await;
        let pods = ns.pods("myapp").await;
        assert_eq!(verify(ns, &names(&pods)[0]).await.succeeded(), "2 replicas agree\n");

        patch_config(ns, json!({ "LOG_LEVEL": "debug", "API_BASE_URL": "/shop" })).await;
        for pod in names(&pods) {
            until_digests(ns, &pod, "to run the edit", runs_an_edit).await;
            let shown = config(ns, &pod).await;
            assert_eq!((&shown["LOG_LEVEL"], &shown["API_BASE_URL"]), (&json!("debug"), &json!("/shop")));
            assert_eq!(
                ns.get(&pod, PUBLIC_PORT, "/shop/config").await,
                ns.get(&pod, PUBLIC_PORT, "/config").await
            );
        }
        let complaints = verify(ns, &names(&pods)[0]).await.refused_with(1);
        for pod in &pods {
            let complaint =
                format!("{}:9090: running configuration differs from the rendered release", address_of(pod));
            assert!(complaints.contains(&complaint), "{complaints}");
        }

        let conflict = ns.sh(&upgrade("--set config.LOG_LEVEL=info")).await.refused_with(1);
        for part in ["conflict", "kubectl-patch", ".data.LOG_LEVEL", ".data.API_BASE_URL"] {
            assert!(conflict.contains(part), "{part}: {conflict}");
        }
        ns.sh(&upgrade("--set config.LOG_LEVEL=info --force-conflicts")).await.succeeded();
        converged(ns, &pods).await;
        for pod in names(&pods) {
            let shown = config(ns, &pod).await;
            assert_eq!((&shown["LOG_LEVEL"], &shown["API_BASE_URL"]), (&json!("info"), &json!("/")));
        }
        assert_untouched(ns, &pods).await;
    });
}

#[test]
fn manual_key_survives_upgrade_drifting_only_as_setting() {
    in_namespace(async |ns| {
        ns.install("myapp", &[&SECRET_KEY[..], &["--set", "config.API_BASE_URL=null"]].concat()).await;
        let pods = ns.pods("myapp").await;

        patch_config(ns, json!({ "NOTE": "by hand" })).await;
        ns.sh(&upgrade("--set config.LOG_LEVEL=info")).await.succeeded();
        converged(ns, &pods).await;
        assert_eq!(config_map(ns).await["NOTE"], "by hand", "Helm leaves alone what it did not make");

        patch_config(ns, json!({ "API_BASE_URL": "/by-hand" })).await;
        for pod in names(&pods) {
            until_digests(ns, &pod, "to run the edit", runs_an_edit).await;
        }
        ns.sh(&upgrade("--set config.LOG_LEVEL=warn --force-conflicts")).await.succeeded();
        let seal = &config_map(ns).await["CONFIG_SEAL"];
        for pod in names(&pods) {
            let is_of_the_upgrade = |digests: &Value| digests["rendered"] == *seal && runs_an_edit(digests);
            until_digests(ns, &pod, "to run the upgrade and the edit", is_of_the_upgrade).await;
            assert_eq!(config(ns, &pod).await["API_BASE_URL"], "/by-hand");
        }
        patch_config(ns, json!({ "API_BASE_URL": null })).await;
        converged(ns, &pods).await;
        assert_untouched(ns, &pods).await;
    });
}

#[test]
fn upgrade_reaches_every_pod_without_restart() {
    in_namespace(async |ns| {
        ns.install("myapp", &SECRET_KEY).await;
        let pods = ns.pods("myapp").await;
        let before = config_map(ns).await["CONFIG_SEAL"].clone();
        ns.sh(&upgrade("--set config.LOG_LEVEL=info --set config.MAX_CONNECTIONS=7")).await.succeeded();
        assert_ne!(config_map(ns).await["CONFIG_SEAL"], before);
        converged(ns, &pods).await;
        for pod in names(&pods) {
            let shown = config(ns, &pod).await;
            assert_eq!((&shown["LOG_LEVEL"], &shown["MAX_CONNECTIONS"]), (&json!("info"), &json!("7")));
            assert_eq!(digests(ns, &pod).await["generation"], 2, "both keys came in one generation");
        }
        ns.rolled_out("myapp").await;
        assert_untouched(ns, &pods).await;
    });
}

#[test]
fn env_delivery_upgrade_replaces_pods_as_pinned() {
    in_namespace(async |ns| {
        ns.install("myapp", &[&SECRET_KEY[..], &["--set", "config.delivery=env"]].concat()).await;
        let before = pod_names(ns, "myapp").await;
        ns.sh(&upgrade("--set config.LOG_LEVEL=info")).await.succeeded();
        ns.rolled_out("myapp").await;
        let after = pod_names(ns, "myapp").await;
        assert!(after.iter().all(|pod| !before.contains(pod)), "{before:?} {after:?}");
        let seal = &config_map(ns).await["CONFIG_SEAL"];
        for pod in after {
            assert_eq!(config(ns, &pod).await["LOG_LEVEL"], "info");
            let digests = digests(ns, &pod).await;
            assert_eq!((&digests["state"], &digests["release"]), (&json!("pinned"), &json!("matches")));
            assert_eq!(digests["running"], *seal);
            let pinned = digests["pinned"].as_array().unwrap();
            assert!(["LOG_LEVEL", "SECRET_KEY"].iter().all(|key| pinned.contains(&json!(key))), "{pinned:?}");
        }
    });
}

#[test]
fn invalid_patch_changes_nothing_and_verify_names_replicas() {
    in_namespace(async |ns| {
        ns.logs.expect("configuration rejected");
        ns.install("myapp", &SECRET_KEY).await;
        let pods = ns.pods("myapp").await;
        let seal = config_map(ns).await["CONFIG_SEAL"].clone();

        patch_config(ns, json!({ "LOG_LEVEL": "verbose", "API_BASE_URL": "/new" })).await;
        for pod in names(&pods) {
            let rejected = |digests: &Value| digests["state"] == "rejected";
            let digests = until_digests(ns, &pod, "to refuse the edit", rejected).await;
            assert_eq!((&digests["generation"], &digests["running"]), (&json!(1), &json!(seal)));
            let reasons = digests["reasons"].as_array().unwrap();
            assert!(
                reasons.len() == 1 && reasons[0].as_str().unwrap().starts_with("LOG_LEVEL: "),
                "{reasons:?}"
            );
            let shown = config(ns, &pod).await;
            assert_eq!((&shown["LOG_LEVEL"], &shown["API_BASE_URL"]), (&json!("error"), &json!("/")));
        }
        let complaints = verify(ns, &names(&pods)[0]).await.refused_with(1);
        for pod in &pods {
            let complaint = format!("{}:9090: rejected: LOG_LEVEL: ", address_of(pod));
            assert!(complaints.contains(&complaint), "{complaints}");
        }

        patch_config(ns, json!({ "LOG_LEVEL": "error", "API_BASE_URL": "/" })).await;
        converged(ns, &pods).await;
        assert_eq!(verify(ns, &names(&pods)[0]).await.succeeded(), "2 replicas agree\n");
        assert_untouched(ns, &pods).await;
    });
}

#[test]
fn simultaneous_secret_and_config_map_changes_both_arrive() {
    in_namespace(async |ns| {
        ns.install("myapp", &[&SECRET_KEY[..], &["--set", "exposeSecrets=true"]].concat()).await;
        let pods = ns.pods("myapp").await;
        for (level, key) in [("info", "first"), ("debug", "second"), ("warn", "third")] {
            change_both(ns, level, key).await;
            for pod in names(&pods) {
                let (address, _forward) = ns.forward(&pod, PUBLIC_PORT).await;
                let holds = |shown: &Value| shown["LOG_LEVEL"] == level && shown["SECRET_KEY"] == key;
                until_async(
                    ARRIVAL,
                    &format!("{pod} to run both"),
                    async || config_at(ns, &address, &address).await,
                    holds,
                )
                .await;
            }
        }
        assert_untouched(ns, &pods).await;
    });
}

async fn change_both(ns: &Namespace, level: &str, key: &str) {
    let script = format!(
        r#"kubectl patch configmap myapp -p '{{"data":{{"LOG_LEVEL":"{level}"}}}}' & config=$!
        kubectl patch secret myapp -p '{{"stringData":{{"SECRET_KEY":"{key}"}}}}' & secret=$!
        wait $config && wait $secret"#
    );
    ns.sh(&script).await.succeeded();
}
