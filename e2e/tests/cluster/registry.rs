//! A release installed from a registry, image and chart by digest.

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::registry::{Published, Registry};
use e2e::release::{ARTIFACTS, both_streams};
use serde_json::{Value, json};

use crate::support::{ADMIN_PORT, create_secret, pod_names};
use crate::walkthrough::{CURL, KNOWN_ANSWER, follow};

/// The context of the cluster whose node is this machine. Any other node's loopback is not the registry's.
const OWN_CONTEXT: &str = "myapp-own";
const RELEASE_VALUES: &str = "terraform/envs/local/tests/release-values.json";

#[test]
fn image_and_chart_are_installed_by_digest_as_helm_and_as_terraform_name_them() {
    in_namespace(async |ns| {
        if !is_node_this_machine() {
            skip();
            return;
        }
        let registry = Registry::open();
        let push = ARTIFACTS.push(&format!("{}/team", registry.address())).output().unwrap();
        assert!(push.status.success(), "{}", both_streams(&push));
        let published = Published::read(&ARTIFACTS.folder);
        let values = ARTIFACTS.folder.join("published-values.yaml");
        let values = values.to_str().unwrap();

        let chart = published.reference("chart");
        let install = ["install", "myapp", &chart, "--plain-http", "--values", values];
        let settings = ["--set", "config.SECRET_KEY=xyz", "--set", "sbom.enabled=true"];
        ns.run("helm", &[&install[..], &settings].concat(), "").await.succeeded();
        ns.rolled_out("myapp").await;
        runs_the_published_image(ns, &published).await;
        let pod = pod_names(ns, "myapp").await.remove(0);
        let served: Value = serde_json::from_str(&ns.get(&pod, ADMIN_PORT, "/sbom").await).unwrap();
        let built = std::fs::read(ARTIFACTS.file("sbom")).unwrap();
        assert_eq!(served, serde_json::from_slice::<Value>(&built).unwrap());
        ns.run("helm", &["uninstall", "myapp", "--wait"], "").await.succeeded();

        // As the module does with `chart` and `chart_version`: the reference with its digest, and the version, which have to agree.
        create_secret(
            ns,
            "myapp-secrets",
            json!({ "SECRET_KEY": "Secr3tXyz", "DB_PASSWORD": "passw0rdXyZ" }),
        )
        .await;
        let version = published.document["chart"]["version"].as_str().unwrap();
        let install =
            ["install", "myapp", &chart, "--version", version, "--plain-http", "--values", RELEASE_VALUES];
        ns.run("helm", &[&install[..], &["--values", values]].concat(), "").await.succeeded();
        ns.rolled_out("myapp").await;
        runs_the_published_image(ns, &published).await;
        assert_eq!(follow(ns, &[CURL]).await, [KNOWN_ANSWER]);
    });
}

/// What each pod runs came from the registry, and is what was pushed there.
async fn runs_the_published_image(ns: &Namespace, published: &Published) {
    let pods = ns.pods("myapp").await;
    assert!(!pods.is_empty());
    let digest = published.document["image"]["digest"].as_str().unwrap();
    for pod in pods {
        let statuses = pod.status.unwrap().container_statuses.unwrap();
        assert!(statuses[0].image_id.ends_with(digest), "{} is not {digest}", statuses[0].image_id);
    }
}

fn is_node_this_machine() -> bool {
    std::env::var("E2E_CONTEXT").is_ok_and(|context| context == OWN_CONTEXT)
}

#[expect(clippy::print_stderr, reason = "what was not tested is to be seen")]
fn skip() {
    eprintln!("the node is not this machine: nothing was installed from a registry on its loopback");
}
