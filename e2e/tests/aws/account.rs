//! A fake AWS with what an account has before the infra root is applied, and roots on it.

use std::fs;

use e2e::fake_aws::FakeAws;
use e2e::terraform::{NO_INPUTS, Root};
use serde_json::Value;

/// The folder with the providers of the roots for AWS.
pub(crate) const PROVIDERS_VARIABLE: &str = "E2E_AWS_PROVIDERS";

/// Value of the account's secret. It must appear in no output.
pub(crate) const DATABASE_PASSWORD: &str = "marked-p4ssword-7b20";

/// Provider block for a test's own root on a fake.
pub(crate) const AWS_ALONE: &str = include_str!("provider.tf");

const MAIN: &str = include_str!("account.tf");

/// Most of an apply is waiting for one thing or another.
const PARALLELISM: &str = "-parallelism=20";

/// Provider block of every root. A fake that lacks an operation reports that at once, where real AWS might be busy; a lost
/// answer is worth a retry.
const PROVIDER: &str = "provider \"aws\" {\n  max_retries = 3\n}\n";
const PROVIDER_IN_US_EAST_1: &str =
    "provider \"aws\" {\n  alias       = \"us_east_1\"\n  max_retries = 3\n}\n";
/// States stay in the folder of the test.
const LOCAL_STATE: &str = "terraform {\n  backend \"local\" {}\n}\n";

pub(crate) struct Account {
    pub(crate) fake: FakeAws,
    root: Root,
    outputs: Value,
}

impl Account {
    /// Starts a fake and fills the account.
    pub(crate) fn open() -> Self {
        let fake = FakeAws::start();
        let root = Root::with_files(&[("main.tf", MAIN), ("fake.tf", PROVIDER)], fake.environment());
        root.init(PROVIDERS_VARIABLE, &[]);
        let inputs = [("name", "shop"), ("database_password", DATABASE_PASSWORD)];
        root.run(&["apply", "-auto-approve", "-no-color"], &inputs);
        let outputs = root.json(&["output", "-json"]);
        Self { fake, root, outputs }
    }

    pub(crate) fn zone_id(&self) -> &str {
        self.output("zone_id")
    }

    pub(crate) fn secret_arn(&self) -> &str {
        self.output("secret_arn")
    }

    pub(crate) fn administrator(&self) -> &str {
        self.output("administrator")
    }

    fn output(&self, name: &str) -> &str {
        self.outputs[name]["value"].as_str().unwrap()
    }

    /// A root of the repository that uses this account.
    pub(crate) fn root(&self, path: &str) -> Root {
        root_on(&self.fake, path)
    }

    /// Takes away what [`Account::open`] made, after which nothing may be left.
    pub(crate) fn close(mut self) {
        let inputs = [("name", "shop"), ("database_password", "unused")];
        self.root.run(&["destroy", "-auto-approve", "-no-color"], &inputs);
        let left = self.fake.inventory();
        assert!(left.is_empty(), "after everything was destroyed: {left:#?}");
    }
}

/// A root of the repository, pointed to a fake by override files; the root itself has no setting for a fake.
pub(crate) fn root_on(fake: &FakeAws, path: &str) -> Root {
    let root = Root::copy_only(path, fake.environment());
    let text = fs::read_to_string(root.path().join("provider.tf")).unwrap();
    let provider_of_cdn = if text.contains("us_east_1") { PROVIDER_IN_US_EAST_1 } else { "" };
    let files = [PROVIDER, provider_of_cdn, LOCAL_STATE].concat();
    fs::write(root.path().join("fake_override.tf"), files).unwrap();
    root.init(PROVIDERS_VARIABLE, &[]);
    root
}

/// Writes the inputs of a root into a file that Terraform reads by itself.
pub(crate) fn give(root: &Root, inputs: &Value) {
    fs::write(root.path().join("test.auto.tfvars.json"), inputs.to_string()).unwrap();
}

/// Applies, returns what was printed, and names what the fake lacks where it fails.
pub(crate) fn apply(fake: &FakeAws, root: &Root) -> String {
    let outcome = root.outcome(&["apply", "-auto-approve", "-no-color", PARALLELISM], NO_INPUTS);
    assert!(outcome.code == Some(0), "{}\nthe fake: {:#?}", outcome.text, fake.complaints());
    outcome.text
}

/// Returns the resources that the plan found. The state itself may be older: it stores a group's list from before its rules
/// changed.
pub(crate) fn assert_second_plan_is_empty(root: &Root) -> Value {
    let plan = ["plan", "-detailed-exitcode", "-no-color", "-out=second.tfplan"];
    let outcome = root.outcome(&plan, NO_INPUTS);
    assert!(outcome.code == Some(0), "the plan after an apply has changes: {}", outcome.text);
    root.json(&["show", "-json", "second.tfplan"])["prior_state"].clone()
}

pub(crate) fn destroy(root: &Root) {
    root.run(&["destroy", "-auto-approve", "-no-color", PARALLELISM], NO_INPUTS);
}
