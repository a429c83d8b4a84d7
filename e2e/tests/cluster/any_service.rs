//! `confpath deploy`, `drift` and `verify` of a service that is not this repository's: `confpath init` makes its repository, and only its
//! image is borrowed.

use std::fs;
use std::path::Path;

use e2e::confpath;
use e2e::harness::command::{self, Outcome};
use e2e::harness::namespace::{Namespace, in_namespace};
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;
use tempfile::TempDir;

use crate::deploy::image_by_digest;
use crate::support::{ADMIN_PORT, PUBLIC_PORT, pod_names};

const KEY: &str = "MARKED-secret-key-9d21";
const PASSWORD: &str = "MARKED-db-password-40bf";

/// A repository with a chart, a contract and `confpath.json`.
struct Shop(TempDir);

impl Shop {
    async fn new(ns: &Namespace) -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        let init =
            format!("init shop --image myapp --port {PUBLIC_PORT} --directory {}", shop.0.path().display());
        shop.confpath(ns, &init).await.succeeded();
        let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../apps/myapp/contract.json");
        fs::copy(contract, shop.0.path().join("contract.json")).unwrap();
        let service = json!({
            "port": PUBLIC_PORT, "adminPort": ADMIN_PORT, "mountPath": "/etc/shop", "directoryVariable": "MYAPP_CONFIG_DIR",
            "verify": { "args": ["verify"], "peersVariable": "MYAPP_PEERS" },
        });
        shop.write("charts/shop/files/service.json", &service);
        let variable = |name: &str, value: String| json!({ "name": name, "value": value });
        let values = json!({
            "extraEnv": [
                variable("MYAPP_LISTEN", format!("0.0.0.0:{PUBLIC_PORT}")),
                variable("MYAPP_ADMIN_LISTEN", format!("0.0.0.0:{ADMIN_PORT}")),
                variable("MYAPP_DATA_DIR", "/var/lib/shop".to_owned()),
            ],
            "volumes": [{ "name": "data", "emptyDir": {} }],
            "volumeMounts": [{ "name": "data", "mountPath": "/var/lib/shop" }],
        });
        shop.write("own.yaml", &values);
        shop.write("inline.yaml", &json!({ "config": { "SECRET_KEY": KEY, "DB_PASSWORD": PASSWORD } }));
        confpath::generate(shop.0.path()).unwrap();
        shop
    }

    fn write(&self, path: &str, content: &serde_json::Value) {
        fs::write(self.0.path().join(path), content.to_string()).unwrap();
    }

    /// Calls `confpath` with the secrets in its environment.
    async fn confpath(&self, ns: &Namespace, arguments: &str) -> Outcome {
        let tool = confpath::binary().unwrap().display();
        let mut shell = ns.shell(&format!("{tool} {arguments}"));
        shell.envs([("SECRET_KEY", KEY), ("DB_PASSWORD", PASSWORD)]);
        let outcome = command::run(shell, "").await;
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!said.contains(KEY) && !said.contains(PASSWORD), "{said}");
        outcome
    }

    /// The same of a command on the release.
    async fn release(&self, ns: &Namespace, arguments: &str) -> Outcome {
        let project = self.0.path().join("confpath.json");
        let place = format!("--project {} --context {1} --namespace {1}", project.display(), ns.name());
        self.confpath(ns, &format!("{arguments} {place}")).await
    }

    fn values(&self, file: &str) -> String {
        format!("--values {}", self.0.path().join(file).display())
    }
}

#[test]
fn service_made_by_init_deploys_and_shows_drift() {
    in_namespace(async |ns| {
        let Some(image) = image_by_digest(ns).await else {
            return println!(
                "this cluster knows no digest of the image: deployed by digest on the own cluster only"
            );
        };
        let shop = Shop::new(ns).await;
        let helm = format!("deploy helm --image {image} --timeout 120 {}", shop.values("own.yaml"));

        let said = shop.release(ns, &format!("{helm} {}", shop.values("inline.yaml"))).await.refused_with(64);
        assert!(said.contains("the values hold secrets"), "{said}");

        let said =
            shop.release(ns, &format!("{helm} --secret SECRET_KEY --secret DB_PASSWORD")).await.succeeded();
        assert!(said.contains("revision 1 is in force on every replica of shop"), "{said}");
        let made = ns.list::<Secret>("app.kubernetes.io/managed-by=shop-deploy").await;
        assert_eq!(made.len(), 1);

        let same = shop.release(ns, "drift").await.succeeded();
        assert_eq!(same.matches(" converged").count(), 2, "{same}");
        assert_running(ns, &shop).await;

        ns.sh("kubectl scale deployment shop --replicas=1").await.succeeded();
        let scaled = shop.release(ns, "drift").await;
        assert_eq!(scaled.code, Some(1), "{}{}", scaled.stdout, scaled.stderr);
        assert!(scaled.stdout.contains("Deployment/shop"), "{}", scaled.stdout);
        shop.release(ns, "deploy wait").await.succeeded();

        let nowhere = shop.confpath(ns, "drift --release none --context nowhere").await;
        assert_eq!(nowhere.code, Some(2), "{}{}", nowhere.stdout, nowhere.stderr);
    });
}

/// Asks one replica by `confpath verify`.
async fn assert_running(ns: &Namespace, shop: &Shop) {
    let pod = pod_names(ns, "shop").await.remove(0);
    let (address, _forward) = ns.forward(&pod, ADMIN_PORT).await;
    let said = shop.confpath(ns, &format!("verify --peers {address}")).await.succeeded();
    assert_eq!(said, "1 replicas agree\n");
    let said = shop.confpath(ns, &format!("verify --peers {address} --seal other")).await.refused_with(1);
    assert!(said.contains(", not other"), "{said}");
}
