//! Marked secrets are planted and looked for everywhere in the cluster; where they belong, they must be found.

use std::collections::BTreeSet;

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::ARRIVAL;
use e2e::secret_scan::Search;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt as _;
use kube::api::LogParams;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_PORT, OPERATOR_PORT, PUBLIC_PORT, assert_untouched, create_secret, digests, names, pod_names,
};

const MARKS: [&str; 2] = ["MARKED-secret-key-e7a1", "MARKED-db-password-94c2"];

/// Something that was looked through, by name.
type Place = (String, String);

#[test]
fn inline_secrets_are_only_in_secret_and_release() {
    in_namespace(async |ns| {
        let [key, password] = MARKS;
        let values = [format!("config.SECRET_KEY={key}"), format!("config.DB_PASSWORD={password}")];
        let places = install_and_look(ns, &values).await;
        assert_eq!(holders(&places), Vec::<&str>::new());
        let found = secrets(ns).await;
        let expected = ["Secret myapp", "Secret sh.helm.release.v1.myapp.v1"];
        assert_eq!(holders(&found), expected, "the search must find what is there");
    });
}

#[test]
fn existing_secret_values_are_nowhere_else() {
    in_namespace(async |ns| {
        let [key, password] = MARKS;
        create_secret(ns, "mine", json!({ "SECRET_KEY": key, "DB_PASSWORD": password })).await;
        let places = install_and_look(ns, &["existingSecret=mine".to_owned()]).await;
        assert_eq!(holders(&places), Vec::<&str>::new());
        assert_eq!(holders(&secrets(ns).await), ["Secret mine"], "the search must find what is there");
    });
}

#[test]
fn patched_secret_reaches_every_replica_without_leak() {
    in_namespace(async |ns| {
        let [key, password] = MARKS;
        create_secret(ns, "mine", json!({ "SECRET_KEY": "before", "DB_PASSWORD": "before" })).await;
        let mut places = install_and_look(ns, &["existingSecret=mine".to_owned()]).await;
        let pods = ns.pods("myapp").await;

        let patch = json!({ "stringData": { "SECRET_KEY": key, "DB_PASSWORD": password } }).to_string();
        ns.run("kubectl", &["patch", "secret", "mine", "-p", &patch], "").await.succeeded();
        for pod in names(&pods) {
            let is_change = |event: &Value| event["message"] == "configuration changed";
            let change = ns.logs.until_event(&pod, "a change", ARRIVAL, is_change).await;
            assert_eq!(change["keys"], "DB_PASSWORD,SECRET_KEY");
            assert_eq!(digests(ns, &pod).await["state"], "converged", "the seal is of the ConfigMap alone");

            let (address, _forward) = ns.forward(&pod, OPERATOR_PORT).await;
            let ask = async |path| ns.sh(&format!("curl http://{address}{path}")).await.succeeded();
            let revealed = [("operator's /config".to_owned(), ask("/config").await)];
            assert_eq!(holders(&revealed).len(), 1, "the search must find what is there");
            assert!(revealed[0].1.contains(key) && revealed[0].1.contains(password), "both are in force");
            for path in ["/api/v1/status", "/api/v1/fleet"] {
                places.push((format!("{path} of {pod}"), ask(path).await));
            }
        }
        let tested = ns.sh("helm test myapp --logs; helm status myapp; helm get all myapp").await.succeeded();
        places.push(("Helm's output after the change".to_owned(), tested));
        places.extend(look(ns).await);
        assert_eq!(holders(&places), Vec::<&str>::new());
        assert_eq!(holders(&secrets(ns).await), ["Secret mine"], "the search must find what is there");
        assert_untouched(ns, &pods).await;
    });
}

/// Installs at trace level, and looks.
async fn install_and_look(ns: &Namespace, values: &[String]) -> Vec<Place> {
    let values = values.iter().map(String::as_str).chain(["config.LOG_LEVEL=trace"]);
    let arguments: Vec<&str> = values.flat_map(|value| ["--set", value]).collect();
    let said = ns.install("myapp", &arguments).await;
    [vec![("Helm's output".to_owned(), said)], look(ns).await].concat()
}

/// Requests every route, and collects everything that people without access to the Secrets may read.
async fn look(ns: &Namespace) -> Vec<Place> {
    let mut places = Vec::new();
    let pods = pod_names(ns, "myapp").await;
    for pod in &pods {
        for (port, path) in [
            (PUBLIC_PORT, "/"),
            (PUBLIC_PORT, "/config"),
            (PUBLIC_PORT, "/openapi.json"),
            (PUBLIC_PORT, "/readyz"),
            (ADMIN_PORT, "/digests"),
            (ADMIN_PORT, "/metrics"),
            (ADMIN_PORT, "/readyz"),
        ] {
            places.push((format!("{path} of {pod}"), ns.get(pod, port, path).await));
        }
        for command in ["check", "verify"] {
            let said = ns.run("kubectl", &["exec", pod, "--", "/myapp", command], "").await.succeeded();
            places.push((format!("`myapp {command}` in {pod}"), said));
        }
    }
    for pod in &pods {
        let log = ns.api::<Pod>().logs(pod, &LogParams::default()).await.unwrap();
        assert!(log.contains(r#""route":"/openapi.json""#), "requests are not logged: {log}");
        places.push((format!("log of {pod}"), log));
    }
    places.push(("objects".to_owned(), objects(ns).await));
    places
}

/// Everything in the namespace but Secrets, events among it.
async fn objects(ns: &Namespace) -> String {
    let kinds = ns.sh("kubectl api-resources --namespaced --verbs=list -o name").await.succeeded();
    let kinds: Vec<&str> = kinds.lines().filter(|kind| *kind != "secrets").collect();
    let objects = ns.run("kubectl", &["get", &kinds.join(","), "-o", "json"], "").await.succeeded();
    for kind in ["ConfigMap", "Deployment", "ReplicaSet", "Pod", "Event", "EndpointSlice"] {
        assert!(objects.contains(&format!(r#""kind": "{kind}""#)), "{kind} was not looked at");
    }
    objects
}

async fn secrets(ns: &Namespace) -> Vec<Place> {
    let secrets = ns.list::<Secret>("").await;
    secrets
        .iter()
        .map(|secret| (format!("Secret {}", secret.name_any()), json!(secret).to_string()))
        .collect()
}

/// The places that hold one of the marks in any form, each named once.
fn holders(places: &[Place]) -> Vec<&str> {
    let search = Search::new(&[("SECRET_KEY", MARKS[0]), ("DB_PASSWORD", MARKS[1])]);
    let holds = |place: &&Place| !search.look(&place.0, place.1.as_bytes()).is_empty();
    let found: BTreeSet<&str> = places.iter().filter(holds).map(|(name, _)| name.as_str()).collect();
    found.into_iter().collect()
}
