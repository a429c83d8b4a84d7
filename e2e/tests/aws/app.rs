//! The app root: the module of the local env, fed by names that AWS publishes.

use std::collections::BTreeSet;
use std::path::Path;

use e2e::fake_aws::{FakeAws, REGION};
use e2e::terraform::Root;
use serde_json::json;

use crate::account::{destroy, give, root_on};
use crate::published::{CLUSTER, PUBLISHED, beside};
use crate::secrets::{assert_nothing_of, assert_tests_show_nothing_of};

const SECRET_KEY: &str = "marked-secret-key";
const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000c0ffee00";

const LOCAL: &str = include_str!("../../../terraform/envs/local/myapp_1.tf");
const APP: &str = include_str!("../../../terraform/envs/aws/app/myapp_1.tf");

/// The arguments of the call of the module, by name.
fn arguments(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim()))
        .collect()
}

#[test]
fn local_and_app_differ_only_in_module_inputs() {
    let (local, app) = (arguments(LOCAL), arguments(APP));
    let only_app: Vec<_> = app.difference(&local).copied().collect();
    // Target, version, and the chart's values about the surroundings.
    assert_eq!(only_app, ["autoscaling", "chart", "image", "namespace", "replicas", "values"]);
    let only_local: Vec<_> = local.difference(&app).copied().collect();
    // For the walk-through alone, which shows what it was given.
    assert_eq!(only_local, ["expose_secrets"]);
    let folder = |path: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform/envs").join(path).canonicalize()
    };
    assert!(
        LOCAL.contains(r#"source = "../../modules/myapp""#)
            && APP.contains(r#"source = "../../../modules/myapp""#)
    );
    assert_eq!(
        folder("local/../../modules/myapp").unwrap(),
        folder("aws/app/../../../modules/myapp").unwrap()
    );
}

#[test]
fn app_root_makes_only_module_call() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform/envs/aws/app");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text: String = files
        .filter(|path| path.extension().is_some_and(|end| end == "tf"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let makes: Vec<_> =
        text.lines().filter(|line| line.starts_with("resource ") || line.starts_with("module ")).collect();
    assert_eq!(makes, [r#"module "myapp_1" {"#]);
}

/// An app root on a fake where the other roots have published what they do, and what the fake then holds.
fn app_beside(others: &[&str]) -> (FakeAws, Root, Root) {
    let fake = FakeAws::start();
    let others = beside(&fake, others);
    let app = root_on(&fake, "envs/aws/app");
    give(&app, &json!({ "name": "shop", "region": REGION, "image_digest": DIGEST }));
    (fake, others, app)
}

/// Applies the app root, which must fail with `words` and leave everything as it was; returns what it printed.
fn assert_changes_nothing_and_says(fake: &mut FakeAws, app: &Root, words: &str) -> String {
    let before = fake.inventory();
    let inputs = [("myapp_secret_key", SECRET_KEY)];
    let outcome = app.outcome(&["apply", "-auto-approve", "-no-color"], &inputs);
    let text = outcome.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(outcome.code == Some(1) && text.contains(words), "no {words:?} in: {}", outcome.text);
    assert_eq!(fake.inventory(), before);
    let state = std::fs::read_to_string(app.path().join("terraform.tfstate")).unwrap_or_default();
    assert!(!state.contains("helm_release") && !state.contains("kubernetes_secret"), "{state}");
    outcome.text
}

#[test]
fn app_root_without_cluster_changes_nothing() {
    let (mut fake, others, app) = app_beside(&[PUBLISHED]);
    assert_changes_nothing_and_says(&mut fake, &app, "reading EKS Cluster (shop): couldn't find resource");
    destroy(&others);
}

mod real_providers {
    use super::*;

    /// The fake's certificate cannot be read, and `aws` may not be there.
    const PROVIDER: &str = r#"
provider "kubernetes" {
  cluster_ca_certificate = file("cluster.pem")

  exec {
    api_version = "client.authentication.k8s.io/v1"
    command     = "echo"
    args        = [jsonencode({ apiVersion = "client.authentication.k8s.io/v1", kind = "ExecCredential", status = { token = "marked-t0ken-64d1" } })]
  }
}
"#;

    /// The fake's cluster is active, and has a name that leads nowhere: as from outside the network to a private endpoint.
    #[test]
    #[ignore = "needs the kubernetes and helm providers themselves, not stand-ins"]
    fn app_root_with_unreachable_cluster_changes_nothing() {
        let (mut fake, others, app) = app_beside(&[PUBLISHED, CLUSTER]);
        for (name, text) in [("cluster.pem", include_str!("cluster.pem")), ("cluster_override.tf", PROVIDER)]
        {
            std::fs::write(app.path().join(name), text).unwrap();
        }
        let printed = assert_changes_nothing_and_says(&mut fake, &app, ".eks.amazonaws.com");
        let secrets = [SECRET_KEY, "marked-t0ken-64d1"].map(str::to_owned);
        assert_nothing_of(&secrets, &app, &printed);
        destroy(&others);
    }
}

#[test]
fn app_root_test_output_holds_no_secret() {
    assert_tests_show_nothing_of("envs/aws/app", &[("SECRET_KEY", SECRET_KEY)], "0000000000000000");
}
