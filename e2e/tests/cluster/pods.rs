//! The pods of a default install.

use e2e::harness::namespace::in_namespace;
use e2e::harness::wait::condition;
use serde_json::json;

use crate::support::{ADMIN_PORT, PUBLIC_PORT, SECRET_KEY, digests, names};

#[test]
fn default_install_is_ready_under_restricted_pod_security() {
    in_namespace(async |ns| {
        let privileged = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": "privileged" },
            "spec": { "containers": [{ "name": "c", "image": "c", "securityContext": { "privileged": true } }] },
        });
        let refused =
            ns.run("kubectl", &["create", "--dry-run=server", "-f", "-"], &privileged.to_string()).await;
        assert!(refused.refused_with(1).contains("violates PodSecurity \"restricted:latest\""));

        ns.install("myapp", &SECRET_KEY).await;
        let pods = ns.pods("myapp").await;
        assert_eq!(pods.len(), 2);
        assert!(pods.iter().all(condition::is_ready_at_first_try), "{pods:#?}");
        for pod in names(&pods) {
            for (port, path) in [
                (ADMIN_PORT, "/startupz"),
                (ADMIN_PORT, "/livez"),
                (ADMIN_PORT, "/readyz"),
                (PUBLIC_PORT, "/readyz"),
            ] {
                ns.get(&pod, port, path).await;
            }
        }
    });
}

#[test]
fn binary_in_pod_checks_configuration_and_finds_peers() {
    in_namespace(async |ns| {
        ns.install("myapp", &SECRET_KEY).await;
        for pod in names(&ns.pods("myapp").await) {
            let exec = |command: &'static [&str]| [&["exec", pod.as_str(), "--"], command].concat();
            let checked = ns.run("kubectl", &exec(&["/myapp", "check"]), "").await.succeeded();
            assert!(checked.contains("the configuration is valid"), "{checked}");
            // The name is that of the headless Service, so the answer went through the cluster's DNS.
            let verified = ns.run("kubectl", &exec(&["/myapp", "verify"]), "").await.succeeded();
            assert_eq!(verified, "2 replicas agree\n");
            assert_eq!(digests(ns, &pod).await["release"], "matches");
            let shell = ns.run("kubectl", &exec(&["sh", "-c", "true"]), "").await;
            assert_ne!(shell.code, Some(0), "the image holds nothing but the service");
        }
    });
}
