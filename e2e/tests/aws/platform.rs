//! The platform root, as far as it goes without a cluster that answers.

use crate::secrets::assert_tests_show_nothing_of;

/// The key that a test of the root gives in the place of certificates.
const KEY: &str = "bWFya2VkLXByaXZhdGUta2V5LTkxZTM=";

#[test]
fn platform_root_test_output_holds_no_secret() {
    assert_tests_show_nothing_of(
        "envs/aws/platform",
        &[("the key", KEY)],
        "targetgroup/shop/0123456789abcdef",
    );
}

mod real_providers {
    use e2e::fake_aws::REGION;
    use serde_json::json;

    use crate::account::{Account, destroy, give};
    use crate::published::{CLUSTER, PUBLISHED, beside};
    use crate::secrets::assert_none;

    /// The controllers' charts come from the internet; any chart is planned alike.
    const CHARTS: &str = r#"
resource "helm_release" "load_balancer_controller" {
  repository = null
  chart      = "./wiring"
  version    = null
}
"#;

    #[test]
    #[ignore = "needs the kubernetes and helm providers themselves, not stand-ins"]
    fn what_the_platform_root_plans_holds_no_secret() {
        let mut account = Account::open();
        let others = beside(&account.fake, &[PUBLISHED, CLUSTER]);
        let platform = account.root("envs/aws/platform");
        std::fs::write(platform.path().join("charts_override.tf"), CHARTS).unwrap();
        give(&platform, &json!({ "name": "shop", "region": REGION, "database_ca_file": "tests/ca.pem" }));
        let mut printed =
            platform.run(&["plan", "-out=first.tfplan", "-no-color"], e2e::terraform::NO_INPUTS);
        assert!(printed.contains("helm_release.wiring will be created"), "{printed}");
        printed += &platform.run(&["show", "-json", "first.tfplan"], e2e::terraform::NO_INPUTS);
        assert_none(&mut account.fake, &platform, &printed);
        destroy(&others);
        account.close();
    }
}
