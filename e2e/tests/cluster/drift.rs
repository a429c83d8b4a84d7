//! An edit past the release is seen.

use e2e::harness::namespace::{Namespace, in_namespace};
use serde_json::json;

use crate::support::{SECRET_KEY, address_of, config, digests, names, pod_names};

#[test]
fn an_edit_past_the_release_shows_as_drift_and_verify_names_each_replica() {
    in_namespace(async |ns| {
        ns.install("myapp", &SECRET_KEY).await;
        let before = pod_names(ns, "myapp").await;
        let verified = ns.run("kubectl", &["exec", &before[0], "--", "/myapp", "verify"], "").await;
        assert_eq!(verified.succeeded(), "2 replicas agree\n");

        ns.sh(r#"kubectl patch configmap myapp -p '{"data":{"LOG_LEVEL":"debug"}}'"#).await.succeeded();
        ns.sh("kubectl delete pods --wait -l app.kubernetes.io/name=myapp").await.succeeded();
        ns.rolled_out("myapp").await;

        let pods = ns.pods("myapp").await;
        for pod in names(&pods) {
            assert!(!before.contains(&pod));
            assert_eq!(config(ns, &pod).await["LOG_LEVEL"], "debug", "the edit is in force");
            let digests = digests(ns, &pod).await;
            assert_eq!((&digests["state"], &digests["release"]), (&json!("drifted"), &json!("drifted")));
            assert_ne!(digests["rendered"], digests["running"]);
        }
        let said = verify(ns, &names(&pods)[0]).await;
        for pod in &pods {
            assert!(said.contains(&format!("{}:9090: ", address_of(pod))), "{said}");
        }
    });
}

/// What `verify` complains of.
async fn verify(ns: &Namespace, pod: &str) -> String {
    // kubectl passes the program's own exit code on.
    ns.run("kubectl", &["exec", pod, "--", "/myapp", "verify"], "").await.refused_with(1)
}
