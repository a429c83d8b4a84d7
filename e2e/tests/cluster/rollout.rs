//! A pod that stops takes no request with it.

use e2e::harness::namespace::in_namespace;
use e2e::harness::wait::{condition, until, until_any};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;

use crate::support::{PUBLIC_PORT, SECRET_KEY, leads_to, pod_names};

#[test]
fn deleted_pod_drains_within_grace_losing_no_request() {
    in_namespace(async |ns| {
        let values = ["config.LOG_LEVEL=info", "config.SECRET_KEY=xyz"];
        ns.install("myapp", &values.map(|value| ["--set", value]).concat()).await;
        let victim = &pod_names(ns, "myapp").await[0];
        let load = ns.load("myapp", "/config").await;
        ns.logs.until(victim, r#""route":"/config""#).await;

        ns.run("kubectl", &["delete", "pod", victim, "--wait=false"], "").await.succeeded();
        ns.logs.until(victim, r#""message":"draining""#).await;
        ns.get(victim, PUBLIC_PORT, "/config").await;
        let pod = until(ns.api::<Pod>(), victim, "to end", condition::ended()).await;
        let pod = pod.unwrap_or_else(|| panic!("{victim} was gone before it was seen to end"));
        ns.rolled_out("myapp").await;
        let tally = load.stop().await;

        assert_eq!(tally.failures, Vec::<String>::new(), "beside {} answers", tally.answered);
        assert!(tally.answered > 200, "{}", tally.answered);
        let end = condition::termination(&pod).unwrap();
        assert_eq!(end.exit_code, 0);
        // Kubernetes sets the time of deletion to the end of the grace period.
        let deadline = pod.metadata.deletion_timestamp.as_ref().unwrap();
        assert!(end.finished_at.as_ref().unwrap().0 < deadline.0, "{end:?}");
    });
}

#[test]
fn rolling_updates_lose_no_request_without_client_retry() {
    in_namespace(async |ns| {
        ns.install("myapp", &SECRET_KEY).await;
        let proxied = ns.load("myapp", "/config").await;
        let direct = ns.clients("myapp", "/config").await;
        for update in [
            "helm upgrade --reuse-values myapp ./charts/myapp --set podAnnotations.round=second",
            "kubectl rollout restart deployment/myapp",
        ] {
            let before = pod_names(ns, "myapp").await;
            ns.sh(update).await.succeeded();
            ns.rolled_out("myapp").await;
            for pod in before {
                until(ns.api::<Pod>(), &pod, "to be gone", condition::gone()).await;
            }
        }
        let tally = proxied.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "beside {} answers", tally.answered);
        if let Some(direct) = direct {
            let tally = direct.stop().await;
            assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
            assert!(tally.told_to_close > 0, "no client was on a pod that stopped: {tally}");
            println!("two rolling updates: {tally}");
        }
    });
}

#[test]
fn refused_upgrade_leaves_old_pods_serving() {
    in_namespace(async |ns| {
        ns.logs.expect("LOG_LEVEL: ");
        ns.install("myapp", &SECRET_KEY).await;
        let before = pod_names(ns, "myapp").await;

        // Past the schema, which knows only config.LOG_LEVEL.
        let upgrade = "helm upgrade --reuse-values myapp ./charts/myapp \
            --set 'extraEnv[0].name=LOG_LEVEL' --set 'extraEnv[0].value=verbose'";
        ns.sh(upgrade).await.succeeded();
        let is_refused = |pod: &Pod| condition::termination(pod).is_some_and(|end| end.exit_code == 64);
        let labels = "app.kubernetes.io/instance=myapp";
        let refused = until_any(ns.api::<Pod>(), labels, "to refuse its configuration", is_refused).await;
        assert!(!before.contains(&refused.name_any()));

        let after = ns.pods("myapp").await;
        let old: Vec<_> = after.iter().filter(|pod| before.contains(&pod.name_any())).collect();
        assert_eq!(old.len(), before.len());
        assert!(old.into_iter().all(condition::is_ready_at_first_try));
        leads_to(ns, "myapp", &before).await;
        assert!(ns.get_from_service("myapp", "/config").await.contains(r#""LOG_LEVEL":"error""#));
    });
}
