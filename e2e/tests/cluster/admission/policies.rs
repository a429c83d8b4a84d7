//! Contracts whose policies are in force, and edits of ConfigMaps that name one of them.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};

use e2e::confpath;
use e2e::harness::namespace::Namespace;
use e2e::harness::wait::DEADLINE;
use futures::FutureExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::PostParams;
use serde::Deserialize as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::wait::until_async;

pub(super) const LABEL: &str = "confpath.dev/contract";

/// The objects that all contracts share.
const SHARED: [&str; 2] = ["confpath-contracts", "confpath-system"];

/// A contract in a folder of its own, with its policy.
pub(super) struct Policed {
    folder: TempDir,
    /// The label's value.
    pub(super) label: String,
    /// The policy's name.
    name: String,
    /// The file as it is generated.
    text: String,
}

impl Policed {
    /// Generates the policy of a contract; an error if the contract is none.
    pub(super) fn new(service: &str, contract: &Value) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("contract.json"), contract.to_string()).unwrap();
        let text = confpath::policy(&folder.path().join("contract.json"), service)?;
        let policy = &documents(&text)[0];
        let label = policy["spec"]["matchConstraints"]["objectSelector"]["matchLabels"][LABEL].as_str();
        let (label, name) =
            (label.unwrap().to_owned(), policy["metadata"]["name"].as_str().unwrap().to_owned());
        Ok(Self { folder, label, name, text })
    }

    /// The objects of the policy that are of this contract only.
    fn own(&self) -> Vec<Value> {
        let is_shared = |object: &Value| SHARED.iter().any(|name| object["metadata"]["name"] == **name);
        documents(&self.text).into_iter().filter(|object| !is_shared(object)).collect()
    }

    /// Applies the whole file as its first lines say.
    pub(super) async fn apply(&self, ns: &Namespace) {
        let manager = format!("--field-manager={}", self.name);
        let apply = ["apply", "--server-side", "--force-conflicts", &manager, "-f", "-"];
        ns.run("kubectl", &apply, &self.text).await.succeeded();
    }

    /// Makes the contract unknown by the command that the file gives.
    pub(super) async fn withdraw(&self, ns: &Namespace) {
        let (_, command) = self.text.split_once("#   kubectl patch").unwrap();
        let (command, _) = command.split_once("#   kubectl delete").unwrap();
        ns.sh(&format!("kubectl patch{}", command.replace("\\\n#", ""))).await.succeeded();
    }

    pub(super) fn config_map(&self, data: &Value) -> Value {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "settings", "labels": { LABEL: self.label } },
            "data": data,
        })
    }

    /// The problems that `confpath check` finds in the ConfigMap.
    pub(super) fn checked(&self, data: &BTreeMap<String, String>) -> Vec<String> {
        let manifest = self.path("manifest.json");
        fs::write(&manifest, self.config_map(&json!(data)).to_string()).unwrap();
        let flags = ["--without-secrets".as_ref(), "--manifest".as_ref(), manifest.as_os_str()];
        confpath::problems(&self.path("contract.json"), &flags).unwrap()
    }

    /// The problems for which the API server refuses the ConfigMap.
    pub(super) async fn refused(&self, ns: &Namespace, data: &Value) -> Option<String> {
        self.refused_object(ns, &self.config_map(data)).await
    }

    /// The same for an object.
    pub(super) async fn refused_object(&self, ns: &Namespace, object: &Value) -> Option<String> {
        // JSON as it is: a patch for server-side apply is YAML, which refuses some characters before any policy sees them.
        let params = PostParams { dry_run: true, ..PostParams::default() };
        let object = ConfigMap::deserialize(object).unwrap();
        match ns.api::<ConfigMap>().create(&params, &object).await {
            Ok(_) => None,
            Err(kube::Error::Api(status)) => {
                let reason =
                    status.message.split_once(" denied request: ").map(|(_, reason)| reason.to_owned());
                Some(reason.unwrap_or_else(|| panic!("{}", status.message)))
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until the policy is in force. The probe is refused by every contract.
    async fn in_force(&self, ns: &Namespace) {
        let what = format!("{} to be in force", self.name);
        let probe = json!({ "no.setting": "" });
        until_async(DEADLINE, &what, async || self.refused(ns, &probe).await, Option::is_some).await;
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}

/// Runs a test while the contracts' own policies are in force, and removes them after it, however it ends: they are in no namespace
/// of a test.
pub(super) async fn with_policies(ns: &Namespace, contracts: &[&Policed], test: impl AsyncFnOnce()) {
    let objects: Vec<_> = contracts.iter().flat_map(|contract| contract.own()).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects }).to_string();
    let body = async {
        ns.run("kubectl", &["apply", "--server-side", "-f", "-"], &list).await.succeeded();
        for contract in contracts {
            contract.in_force(ns).await;
        }
        test().await;
    };
    let outcome = AssertUnwindSafe(body).catch_unwind().await;
    let deleted = ns.run("kubectl", &["delete", "--ignore-not-found", "-f", "-"], &list).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
    deleted.succeeded();
}

/// The objects of a YAML stream.
fn documents(text: &str) -> Vec<Value> {
    let read = |document| Value::deserialize(document).unwrap_or_else(|error| panic!("{error}: {text}"));
    serde_norway::Deserializer::from_str(text).map(read).collect()
}
