//! The bootstrap root, which comes before all others and so is applied to an empty account.

use e2e::fake_aws::FakeAws;
use serde_json::{Value, json};

use crate::account::{apply, assert_second_plan_is_empty, destroy, give, root_on};

#[test]
fn bootstrap_applies_plans_empty_and_destroys_to_nothing() {
    let mut fake = FakeAws::start();
    let root = root_on(&fake, "envs/aws/bootstrap");
    give(
        &root,
        &json!({ "name": "shop", "region": e2e::fake_aws::REGION, "github_repository": "example/shop" }),
    );
    apply(&fake, &root);
    let found = assert_second_plan_is_empty(&root);
    assert_the_infra_root_finds_what_it_reads(&found);
    destroy(&root);
    let left = fake.inventory();
    assert!(left.is_empty(), "after everything was destroyed: {left:#?}");
}

/// The same document that `account.tf` writes for the tests of the infra root.
fn assert_the_infra_root_finds_what_it_reads(found: &Value) {
    let resources = found["values"]["root_module"]["resources"].as_array().unwrap();
    let published = resources.iter().find(|resource| resource["type"] == "aws_ssm_parameter").unwrap();
    assert_eq!(published["values"]["name"], "/shop/bootstrap");
    let document: Value = serde_json::from_str(published["values"]["value"].as_str().unwrap()).unwrap();
    let roles: Vec<_> = document["pipeline_role_arns"].as_object().unwrap().keys().collect();
    assert_eq!(roles, ["apply", "deploy", "plan"]);
}
