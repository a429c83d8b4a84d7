//! The app root: the module of the local env, fed by names that AWS publishes.

use std::collections::BTreeSet;
use std::path::Path;

use e2e::canary::Search;
use e2e::fake_aws::{FakeAws, REGION};
use e2e::terraform::Root;
use serde_json::json;

use crate::account::{PROVIDERS_VARIABLE, apply, destroy, give, root_on};
use crate::secrets::is_left_behind;

const SECRET_KEY: &str = "marked-secret-key";
const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000c0ffee00";

const LOCAL: &str = include_str!("../../../terraform/envs/local/myapp_1.tf");
const APP: &str = include_str!("../../../terraform/envs/aws/app/myapp_1.tf");

/// What the other roots have published, in an account without the cluster that it names.
const PUBLISHED: &str = r#"
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  max_retries = 3
}

resource "aws_ssm_parameter" "published" {
  for_each = {
    infra = {
      region                      = "eu-central-1"
      cluster_name                = "shop"
      namespace                   = "myapp"
      service_account             = "myapp"
      image_repository            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"
      database                    = { host = "shop.example.com", port = 5432, name = "myapp", user = "myapp", authentication = "iam", password_secret_arn = null, cidrs = ["10.0.3.0/24"] }
      edge                        = { url = "https://shop.example.com" }
      service_account_annotations = { service = {} }
    }
    platform = {
      namespace  = "myapp"
      release    = "myapp"
      pod_labels = {}
      database   = { secret = null, secret_key = "password", ca_bundle = { config_map = "rds-ca", key = "ca.crt" } }
    }
  }

  name  = "/shop/${each.key}"
  type  = "String"
  value = jsonencode(each.value)
}
"#;

/// The arguments of the call of the module, by name.
fn arguments(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim()))
        .collect()
}

#[test]
fn local_and_app_call_the_same_module_and_differ_in_what_feeds_it_only() {
    let (local, app) = (arguments(LOCAL), arguments(APP));
    let only_app: Vec<_> = app.difference(&local).copied().collect();
    // Where it goes, what runs, and what the chart is told of the surroundings.
    assert_eq!(only_app, ["chart", "image", "namespace", "replicas", "values"]);
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
fn the_call_of_the_module_is_all_that_the_app_root_makes() {
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

/// An app root on a fake on which `other` is applied, and what the fake then holds.
fn app_beside(other: &str) -> (FakeAws, Root, Root) {
    let fake = FakeAws::start();
    let others = Root::with_files(&[("main.tf", other)], fake.environment());
    others.init(PROVIDERS_VARIABLE, &[]);
    apply(&fake, &others);
    let app = root_on(&fake, "envs/aws/app");
    give(&app, &json!({ "name": "shop", "region": REGION, "image_digest": DIGEST }));
    (fake, others, app)
}

/// Applies the app root, which must fail with `words` and leave everything as it was.
fn assert_changes_nothing_and_says(fake: &mut FakeAws, app: &Root, words: &str) {
    let before = fake.inventory();
    let inputs = [("myapp_secret_key", SECRET_KEY)];
    let outcome = app.outcome(&["apply", "-auto-approve", "-no-color"], &inputs);
    let text = outcome.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(outcome.code == Some(1) && text.contains(words), "no {words:?} in: {}", outcome.text);
    assert_eq!(fake.inventory(), before);
    let state = std::fs::read_to_string(app.path().join("terraform.tfstate")).unwrap_or_default();
    assert!(!state.contains("helm_release") && !state.contains("kubernetes_secret"), "{state}");
}

#[test]
fn without_the_cluster_the_app_root_says_so_and_changes_nothing() {
    let (mut fake, others, app) = app_beside(PUBLISHED);
    assert_changes_nothing_and_says(&mut fake, &app, "reading EKS Cluster (shop): couldn't find resource");
    destroy(&others);
}

mod real_providers {
    use super::*;

    const CLUSTER: &str = r#"
resource "aws_vpc" "network" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "nodes" {
  vpc_id     = aws_vpc.network.id
  cidr_block = "10.0.0.0/24"
}

resource "aws_iam_role" "cluster" {
  name               = "cluster"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_eks_cluster" "cluster" {
  name     = "shop"
  role_arn = aws_iam_role.cluster.arn

  vpc_config {
    subnet_ids = [aws_subnet.nodes.id]
  }
}
"#;

    /// The fake's cluster is active, and has a name that leads nowhere: as from outside the network to a private endpoint.
    #[test]
    #[ignore = "needs the kubernetes and helm providers themselves, not stand-ins"]
    fn with_a_cluster_that_cannot_be_reached_the_app_root_says_so_and_changes_nothing() {
        let (mut fake, others, app) = app_beside(&[PUBLISHED, CLUSTER].concat());
        assert_changes_nothing_and_says(&mut fake, &app, ".eks.amazonaws.com");
        destroy(&others);
    }
}

/// With mocked providers, as the tests of the root have them: what it prints, and whatever it leaves behind.
#[test]
fn what_the_app_root_prints_of_its_tests_holds_no_secret() {
    let app = Root::copy_only("envs/aws/app", Vec::new());
    app.init(PROVIDERS_VARIABLE, &["-backend=false"]);
    let report = app.test(&["-verbose"]);
    assert!(report.passed, "{}", report.text);
    let search = Search::new(&[("SECRET_KEY", SECRET_KEY), ("control", "0000000000000000")]);
    let mut found = search.look("console", report.text.as_bytes());
    found.extend(search.look_below(app.path(), &is_left_behind).unwrap());
    let values: BTreeSet<_> = found.iter().map(|finding| finding.value).collect();
    assert_eq!(values, BTreeSet::from(["control"]), "{found:#?}");
}
