//! No root stores or prints a secret: neither the values in Secrets Manager nor Terraform's own credential.

use std::collections::BTreeSet;
use std::path::Path;

use e2e::fake_aws::{CREDENTIAL, FakeAws};
use e2e::secret_scan::Search;
use e2e::terraform::{NO_INPUTS, Root};

use crate::account::{AWS_ALONE, Account, DATABASE_PASSWORD, PROVIDERS_VARIABLE};

/// Copies an existing secret into attributes that a state may store.
const LEAK: &str = r#"
variable "secret_arn" {
  type = string
}

data "aws_secretsmanager_secret_version" "leak" {
  secret_id = var.secret_arn
}

resource "aws_ssm_parameter" "leak" {
  name  = "/leak"
  type  = "SecureString"
  value = data.aws_secretsmanager_secret_version.leak.secret_string
}
"#;

/// Returns true if Terraform wrote this file. The test's own configuration holds the searched values and is left out.
pub(crate) fn is_left_behind(path: &Path) -> bool {
    path.extension().is_none_or(|end| !["tf", "hcl", "pem"].iter().any(|given| end == *given))
}

fn search(secrets: &[String]) -> Search {
    let held = secrets.iter().map(|secret| ("a secret of the account", secret.as_str()));
    let values: Vec<_> = held.chain([("the credential", CREDENTIAL)]).collect();
    Search::new(&values)
}

/// Searches for the account's secrets like [`assert_nothing_of`].
pub(crate) fn assert_none(fake: &mut FakeAws, root: &Root, printed: &str) {
    let secrets = fake.secrets();
    assert!(secrets.iter().any(|secret| secret == DATABASE_PASSWORD), "the account holds what is looked for");
    assert_nothing_of(&secrets, root, printed);
}

/// Searches everything that Terraform has left below the root's folder, packed or not, and its output: for the secrets, and for
/// Terraform's own credential.
pub(crate) fn assert_nothing_of(secrets: &[String], root: &Root, printed: &str) {
    let search = search(secrets);
    let mut found = search.look("console", printed.as_bytes());
    found.extend(search.look_below(root.path(), &is_left_behind).unwrap());
    assert!(found.is_empty(), "{found:#?}");
}

/// Runs a root's own tests, with mocked providers, and looks through what they print and leave behind: it must hold the `control`, and
/// none of the `secrets`, nor what Terraform itself would log in with.
pub(crate) fn assert_tests_show_nothing_of(root: &str, secrets: &[(&'static str, &str)], control: &str) {
    let root = Root::copy_only(root, vec![("AWS_SECRET_ACCESS_KEY", CREDENTIAL.to_owned())]);
    root.init(PROVIDERS_VARIABLE, &["-backend=false"]);
    let report = root.test(&["-verbose"]);
    assert!(report.passed, "{}", report.text);
    let search = Search::new(&[secrets, &[("the credential", CREDENTIAL), ("control", control)]].concat());
    let mut found = search.look("console", report.text.as_bytes());
    found.extend(search.look_below(root.path(), &is_left_behind).unwrap());
    let values: BTreeSet<_> = found.iter().map(|finding| finding.value).collect();
    assert_eq!(values, BTreeSet::from(["control"]), "{found:#?}");
}

#[test]
fn leaked_secret_is_found_in_state_and_plans() {
    let mut account = Account::open();
    let root = Root::with_files(&[("main.tf", LEAK), ("provider.tf", AWS_ALONE)], account.fake.environment());
    root.init(PROVIDERS_VARIABLE, &[]);
    let secret_arn = account.secret_arn().to_owned();
    let inputs = [("secret_arn", secret_arn.as_str())];
    root.run(&["apply", "-auto-approve", "-no-color"], &inputs);
    let plan = ["plan", "-destroy", "-out=saved.tfplan", "-no-color"];
    root.run(&plan, &inputs);
    let shown = root.run(&["show", "-json", "saved.tfplan"], NO_INPUTS);
    let search = search(&account.fake.secrets());
    for file in ["terraform.tfstate", "saved.tfplan"] {
        let content = std::fs::read(root.path().join(file)).unwrap();
        assert!(!search.look(file, &content).is_empty(), "{file} holds the secret, and the search misses it");
    }
    assert!(!search.look("plan as shown", shown.as_bytes()).is_empty(), "the search misses it in the plan");
    root.run(&["destroy", "-auto-approve", "-no-color"], &inputs);
    account.close();
}
