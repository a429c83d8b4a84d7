//! The names and paths of the project that is deployed: all that the rest of this crate knows of it.

/// A service with its chart, its Terraform env and its secrets. Paths are relative to the checkout.
pub(crate) struct Project {
    /// The release, where no other is named.
    pub(crate) release: &'static str,
    /// The folder of the chart.
    pub(crate) chart: &'static str,
    /// The folder of the Terraform env.
    pub(crate) env: &'static str,
    /// The folder of a saved plan.
    pub(crate) plan: &'static str,
    /// Value of the label `app.kubernetes.io/managed-by` on Secrets that a deploy makes.
    pub(crate) manager: &'static str,
    /// The contract of the service.
    pub(crate) contract: &'static str,
    /// Values of the chart beside its settings that may hold secrets, with all values below them: compared and never shown.
    pub(crate) hidden_values: &'static [&'static str],
}

pub(crate) const PROJECT: Project = Project {
    release: "myapp",
    chart: "charts/myapp",
    env: "terraform/envs/local",
    plan: "target/deploy",
    manager: "myapp-deploy",
    contract: "apps/myapp/contract.json",
    hidden_values: &["extraEnv"],
};
