//! Rejection of bad input, with a reason, at the earliest entry point that can detect it.

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::{condition, until_any};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::LogParams;
use serde_json::json;

use crate::support::create_secret;

/// Exit code for a configuration that is refused.
const REFUSED: i32 = 64;

#[test]
fn helm_install_names_bad_value_and_leaves_nothing() {
    in_namespace(async |ns| {
        let secret = "--set config.SECRET_KEY=xyz";
        for (values, reason) in [
            (format!("{secret} --set config.LOGLEVEL=debug"), "LOGLEVEL"),
            (format!("{secret} --set replicaCount=two"), "replicaCount"),
            (format!("{secret} --set config.LOG_LEVEL=verbose"), "LOG_LEVEL"),
            (format!("{secret} --set config.MAX_CONNECTIONS=0"), "MAX_CONNECTIONS"),
            ("--set config.DB_PASSWORD=p123".to_owned(), "existingSecret"),
        ] {
            let said = ns.sh(&format!("helm install myapp ./charts/myapp {values}")).await.refused_with(1);
            assert!(said.contains(reason), "{values}: {said}");
        }
        let file = "config:\n  SECRET_KEY: 12345678\n";
        let said =
            ns.run("helm", &["install", "myapp", "./charts/myapp", "-f", "-"], file).await.refused_with(1);
        assert!(said.contains("config.SECRET_KEY") && said.contains("quote it"), "{said}");
        assert!(!said.contains("12345678") && !said.contains("1.2345678e+07"), "{said}");

        let left = ns.sh("kubectl get deployments,services,secrets,pods -o name").await;
        assert_eq!(left.succeeded(), "");
    });
}

#[test]
fn bad_secret_content_is_logged_with_exit_64() {
    in_namespace(async |ns| {
        ns.logs.expect("SECRET_KEY: ");
        ns.logs.expect("LOG_LEVEL: ");
        let marked = "MARKED-first-line\nMARKED-second-line";
        let inside = json!({ "SECRET_KEY": marked });
        for (release, secret, reason) in [
            ("empty", json!({ "SECRET_KEY": "" }), "(from file /etc/myapp/secrets/SECRET_KEY)"),
            ("missing", json!({ "DB_PASSWORD": "p123" }), "SECRET_KEY: "),
            ("newline", inside, "(from file /etc/myapp/secrets/SECRET_KEY)"),
        ] {
            create_secret(ns, release, secret).await;
            let values = [format!("existingSecret={release}"), "replicaCount=1".to_owned()];
            let arguments: Vec<&str> = values.iter().flat_map(|value| ["--set", value]).collect();
            ns.run("helm", &[&["install", release, "./charts/myapp"], &arguments[..]].concat(), "")
                .await
                .succeeded();
            let log = last_words(ns, release).await;
            assert!(log.contains(reason) && log.contains("SECRET_KEY: "), "{release}: {log}");
            assert!(!log.contains("MARKED"), "{log}");
        }
    });
}

#[test]
fn bad_environment_variable_refusal_names_environment() {
    in_namespace(async |ns| {
        ns.logs.expect("LOG_LEVEL: ");
        let install = "helm install bad ./charts/myapp --set config.SECRET_KEY=xyz --set replicaCount=1 \
            --set 'extraEnv[0].name=LOG_LEVEL' --set 'extraEnv[0].value=verbose'";
        ns.sh(install).await.succeeded();
        let log = last_words(ns, "bad").await;
        assert!(log.contains("LOG_LEVEL: ") && log.contains("(from environment)"), "{log}");
    });
}

/// The log of a release's only container, once it has ended as one that refuses its configuration.
async fn last_words(ns: &Namespace, release: &str) -> String {
    let labels = format!("app.kubernetes.io/instance={release}");
    let ended = |pod: &Pod| condition::termination(pod).is_some();
    let pod = until_any(ns.api::<Pod>(), &labels, "to end", ended).await;
    assert_eq!(condition::termination(&pod).unwrap().exit_code, REFUSED);
    // While the container waits for its restart, its log is that of the previous run.
    ns.api::<Pod>().logs(&pod.name_any(), &LogParams::default()).await.unwrap()
}
