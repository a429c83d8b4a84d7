//! Checks that the fleet runs the released configuration: `helm test`, and the fleet's state as reported by a replica.

use std::collections::BTreeSet;

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::ARRIVAL;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use serde_json::{Value, json};
use test_support::wait::until_async;

use crate::support::{
    OPERATOR_PORT, SECRET_KEY, address_of, assert_untouched, converged, create_secret, names, patch_config,
    until_digests, verify,
};

#[test]
fn helm_test_passes_and_awaits_upgrade() {
    in_namespace(async |ns| {
        ns.install("myapp", &SECRET_KEY).await;
        let pods = ns.pods("myapp").await;
        let fresh = ns.sh("helm test myapp --logs").await.succeeded();
        assert!(fresh.contains("2 replicas agree"), "{fresh}");

        let upgrade = "helm upgrade --reuse-values --set config.LOG_LEVEL=info myapp ./charts/myapp";
        let upgraded = ns.sh(&format!("{upgrade} && helm test myapp --logs")).await.succeeded();
        assert!(upgraded.contains("2 replicas agree"), "{upgraded}");
        converged(ns, &pods).await;
        assert_untouched(ns, &pods).await;
    });
}

#[test]
fn helm_test_names_refusing_replicas_and_reasons() {
    in_namespace(async |ns| {
        ns.logs.expect("configuration rejected");
        create_secret(ns, "mine", json!({ "SECRET_KEY": "Secr3tXyz", "DB_PASSWORD": "passw0rdXyZ" })).await;
        ns.install("myapp", &["--set", "existingSecret=mine"]).await;
        let pods = ns.pods("myapp").await;
        let patch_secret = async |key: Value| {
            let patch = json!({ "data": { "SECRET_KEY": key } }).to_string();
            ns.run("kubectl", &["patch", "secret", "mine", "-p", &patch], "").await.succeeded();
        };

        patch_secret(json!(null)).await;
        for pod in names(&pods) {
            let rejected = |digests: &Value| digests["state"] == "rejected";
            until_digests(ns, &pod, "to refuse the Secret without its key", rejected).await;
        }
        // The ConfigMap is the release's, so nothing better is to be waited for.
        let tested = ns.sh("helm test myapp --logs --timeout 60s").await;
        assert_eq!(tested.code, Some(1), "{tested:?}");
        for pod in &pods {
            let complaint = format!("{}:9090: rejected: SECRET_KEY: ", address_of(pod));
            assert!(tested.stdout.contains(&complaint), "{tested:?}");
        }

        patch_secret(json!("U2VjcjN0WHl6")).await;
        converged(ns, &pods).await;
        ns.sh("helm test myapp").await.succeeded();
        assert_untouched(ns, &pods).await;
    });
}

#[test]
fn each_replica_lists_all_of_them() {
    in_namespace(async |ns| {
        ns.install("myapp", &SECRET_KEY).await;
        let pods = ns.pods("myapp").await;
        for pod in names(&pods) {
            let fleet = fleet_of(ns, &pod, &pods).await;
            assert_eq!((&fleet["converged"], &fleet["reasons"]), (&json!(true), &json!([])));
            for replica in fleet["replicas"].as_array().unwrap() {
                assert_eq!(replica["digests"]["state"], "converged", "{replica}");
            }
        }
    });
}

#[test]
fn replica_started_under_edit_is_named_by_peer() {
    in_namespace(async |ns| {
        // Here an edit reaches only a pod that is started after it.
        ns.install("myapp", &[&SECRET_KEY[..], &["--set", "config.delivery=env"]].concat()).await;
        let [kept, replaced] = &names(&ns.pods("myapp").await)[..] else { panic!("two pods expected") };
        patch_config(ns, json!({ "LOG_LEVEL": "debug" })).await;
        ns.run("kubectl", &["delete", "pod", replaced], "").await.succeeded();
        ns.rolled_out("myapp").await;
        let pods = ns.pods("myapp").await;
        let other = pods.iter().find(|pod| pod.name_any() != *kept).unwrap();

        let complaint =
            format!("{}:9090: running configuration differs from the rendered release", address_of(other));
        let fleet = fleet_of(ns, kept, &pods).await;
        assert_eq!(fleet["converged"], false);
        assert!(fleet["reasons"].as_array().unwrap().contains(&json!(complaint)), "{fleet}");
        assert!(verify(ns, kept).await.refused_with(1).contains(&complaint));
    });
}

/// The fleet as one replica sees it, once the cluster's DNS knows exactly `pods`.
async fn fleet_of(ns: &Namespace, pod: &str, pods: &[Pod]) -> Value {
    let (address, _forward) = ns.forward(pod, OPERATOR_PORT).await;
    let ask = async || {
        let answer = ns.sh(&format!("curl http://{address}/api/v1/fleet")).await.succeeded();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    let expected: BTreeSet<String> = pods.iter().map(|pod| format!("{}:9090", address_of(pod))).collect();
    let lists_all = |fleet: &Value| {
        let replicas = fleet["replicas"].as_array().unwrap().iter();
        replicas.map(|replica| replica["address"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
            == expected
    };
    until_async(ARRIVAL, &format!("{pod} to list {expected:?}"), ask, lists_all).await
}
