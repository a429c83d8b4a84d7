//! Releases side by side, and what an upgrade does to one.

use e2e::harness::namespace::in_namespace;
use e2e::harness::wait::{condition, until};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::Value;

use crate::support::{SECRET_KEY, leads_to, names, pod_names};

#[test]
fn releases_in_one_namespace_stay_independent() {
    in_namespace(async |ns| {
        for (release, level) in [("one", "info"), ("two", "debug")] {
            let level = format!("config.LOG_LEVEL={level}");
            ns.install(release, &[&SECRET_KEY[..], &["--set", &level]].concat()).await;
        }
        for (release, level) in [("one", "info"), ("two", "debug")] {
            let service = format!("{release}-myapp");
            let pods = pod_names(ns, release).await;
            leads_to(ns, &service, &pods).await;
            leads_to(ns, &format!("{service}-headless"), &pods).await;
            let answer = ns.get_from_service(&service, "/config").await;
            assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["LOG_LEVEL"], level);
            let verified = ns.run("kubectl", &["exec", &pods[0], "--", "/myapp", "verify"], "").await;
            assert_eq!(verified.succeeded(), "2 replicas agree\n");
        }

        let before = pod_names(ns, "two").await;
        ns.uninstall("one").await;
        until(ns.api::<Deployment>(), "one-myapp", "to be gone", condition::gone()).await;
        let after = ns.pods("two").await;
        assert_eq!(names(&after), before);
        assert!(after.iter().all(condition::is_ready_at_first_try));
        assert!(ns.get_from_service("two-myapp", "/config").await.contains("debug"));
    });
}
