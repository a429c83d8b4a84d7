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
fn helm_installs_by_digest_and_pods_serve_sbom() {
    in_namespace(async |ns| {
        let Some(pushed) = Pushed::to_a_registry() else { return };
        let settings = ["--set", "config.SECRET_KEY=xyz", "--set", "sbom.enabled=true"];
        pushed.install(ns, &settings).await;
        let pod = pod_names(ns, "myapp").await.remove(0);
        let served: Value = serde_json::from_str(&ns.get(&pod, ADMIN_PORT, "/sbom").await).unwrap();
        let built = std::fs::read(ARTIFACTS.file("sbom")).unwrap();
        assert_eq!(served, serde_json::from_slice::<Value>(&built).unwrap());
    });
}

/// The module hands `chart` and `chart_version` on as they are: the reference with its digest, and the version.
#[test]
fn terraform_chart_reference_serves_known_157_bytes() {
    in_namespace(async |ns| {
        let Some(pushed) = Pushed::to_a_registry() else { return };
        create_secret(
            ns,
            "myapp-secrets",
            json!({ "SECRET_KEY": "Secr3tXyz", "DB_PASSWORD": "passw0rdXyZ" }),
        )
        .await;
        let version = pushed.published.document["chart"]["version"].as_str().unwrap();
        pushed.install(ns, &["--version", version, "--values", RELEASE_VALUES]).await;
        assert_eq!(follow(ns, &[CURL]).await, [KNOWN_ANSWER]);
    });
}

/// The artifacts in a registry that ends with this.
struct Pushed {
    _registry: Registry,
    published: Published,
    values: String,
}

impl Pushed {
    /// Nothing where the node cannot reach a registry of this machine.
    fn to_a_registry() -> Option<Self> {
        if !is_node_this_machine() {
            skip();
            return None;
        }
        let registry = Registry::open();
        // A push writes beside what it pushes, and tests run side by side.
        let artifacts = ARTIFACTS.copied();
        let push = artifacts.push(&format!("{}/team", registry.address())).output().unwrap();
        assert!(push.status.success(), "{}", both_streams(&push));
        let published = Published::read(&artifacts.folder);
        let values = std::fs::read_to_string(artifacts.folder.join("published-values.yaml")).unwrap();
        Some(Self { _registry: registry, published, values })
    }

    /// Installs the chart by digest, with the published image and `arguments`, and waits until that is what runs.
    async fn install(&self, ns: &Namespace, arguments: &[&str]) {
        let chart = self.published.reference("chart");
        let install = ["install", "myapp", &chart, "--plain-http", "--values", "-"];
        ns.run("helm", &[&install[..], arguments].concat(), &self.values).await.succeeded();
        ns.rolled_out("myapp").await;
        runs_the_published_image(ns, &self.published).await;
    }
}

/// Expects each pod to run the pushed image, pulled from the registry.
async fn runs_the_published_image(ns: &Namespace, published: &Published) {
    let pods = ns.pods("myapp").await;
    assert!(!pods.is_empty());
    let digest = published.document["image"]["digest"].as_str().unwrap();
    for pod in pods {
        let statuses = pod.status.unwrap().container_statuses.unwrap();
        assert!(statuses[0].image_id.ends_with(digest), "{} is not {digest}", statuses[0].image_id);
    }
}

pub(crate) fn is_node_this_machine() -> bool {
    std::env::var("E2E_CONTEXT").is_ok_and(|context| context == OWN_CONTEXT)
}

#[expect(clippy::print_stderr, reason = "what was not tested is to be seen")]
pub(crate) fn skip() {
    eprintln!("the node is not this machine, so that its loopback has no registry: nothing was installed");
}
