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
    /// Keys of the release's Secret.
    pub(crate) secret_keys: &'static [&'static str],
    /// Values of the chart that may hold secrets, with all values below them: compared and never shown.
    pub(crate) secret_values: &'static [&'static str],
}

pub(crate) const PROJECT: Project = Project {
    release: "myapp",
    chart: "charts/myapp",
    env: "terraform/envs/local",
    plan: "target/deploy",
    manager: "myapp-deploy",
    secret_keys: &["SECRET_KEY", "DB_PASSWORD", "DB_USER", "CACHE_PASSWORD", "CACHE_USER"],
    secret_values: &[
        "config.CACHE_PASSWORD",
        "config.CACHE_URL",
        "config.CACHE_USER",
        "config.DATABASE_URL",
        "config.DB_PASSWORD",
        "config.DB_USER",
        "config.SECRET_KEY",
        "extraEnv",
    ],
};
