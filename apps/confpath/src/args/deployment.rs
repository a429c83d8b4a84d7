//! Flags of `deploy` and `drift`, which work on a release. What no flag says comes from the description of the repository.

use std::path::PathBuf;

use clap::Subcommand;

/// The description of the repository, which says what no flag says.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ProjectArgs {
    /// The description of the repository [default: confpath.json, where it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) project: Option<PathBuf>,
    /// The contract of the service, which says which settings are not shown
    #[arg(long, value_name = "FILE")]
    pub(crate) contract: Option<PathBuf>,
}

/// The release.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// The release's name [default: the service's]
    #[arg(long, value_name = "NAME")]
    pub(crate) release: Option<String>,
    /// The release's namespace [default: default]
    #[arg(long, value_name = "NS")]
    pub(crate) namespace: Option<String>,
    /// The kubeconfig's context
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
}

/// The subject of the comparison.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DriftArgs {
    #[command(flatten)]
    pub(crate) release: ReleaseArgs,
    /// The folder of the Terraform root that applies the release; without a state there, release and replicas are compared with
    /// each other
    #[arg(long, value_name = "DIR")]
    pub(crate) env: Option<PathBuf>,
}

/// The ways to deploy.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DeployCommand {
    /// Terraform: plan, save the plan, and show what it would do and the checksum to approve
    Plan(PlanArgs),
    /// Terraform: apply a saved plan, and only the one whose checksum was approved
    Apply(ApplyArgs),
    /// Helm: install or upgrade by digest, prove it on every replica, and take it back when that fails
    Helm(HelmArgs),
    /// Wait until every replica of a release is ready, or say why one cannot be
    Wait(WaitArgs),
}

/// The Terraform root, and the source of its secrets.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RootArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// The folder of the Terraform root
    #[arg(long, value_name = "DIR")]
    pub(crate) env: Option<PathBuf>,
    /// For `terraform init`: a file or KEY=VALUE; may be repeated
    #[arg(long, value_name = "CONFIG", env = "DEPLOY_BACKEND_CONFIG", value_delimiter = ',')]
    pub(crate) backend_config: Vec<String>,
    /// A command that prints the root's secrets, as JSON: {"TF_VAR_…": "…"}. Without one they are in the environment
    #[arg(long, value_name = "COMMAND", env = "DEPLOY_SECRETS_FROM")]
    pub(crate) secrets_from: Option<String>,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) root: RootArgs,
    /// The folder that takes the saved plan [default: plan]
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Encrypt the plan to this public key of age, and keep it in no other form. Needed in CI, where it goes to another machine
    #[arg(long, value_name = "AGE1", env = "PLAN_RECIPIENT")]
    pub(crate) recipient: Option<String>,
}

/// The saved plan, and its approval.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) root: RootArgs,
    /// The folder with the saved plan; an encrypted one is opened with the key in PLAN_IDENTITY [default: plan]
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// The checksum that was approved, as `deploy plan` printed it
    #[arg(long, value_name = "SHA256")]
    pub(crate) approved: String,
    /// Afterwards compare Terraform, release and replicas on this context of the kubeconfig, as `drift` does
    #[arg(long, value_name = "NAME", env = "DEPLOY_CONTEXT")]
    pub(crate) context: Option<String>,
}

/// A context has to be named: nothing is deployed to whatever cluster is the current one.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct HelmArgs {
    #[command(flatten)]
    pub(crate) release: ReleaseArgs,
    /// Name of the service, which is on each Secret that is made [default: that of the description, else the release's]
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// The image, by digest: NAME@sha256:…
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: String,
    /// The chart's folder, or one in a registry by digest: oci://NAME@sha256:…
    #[arg(long, value_name = "CHART")]
    pub(crate) chart: Option<String>,
    /// A file with values; may be repeated, and later ones win. They are all that the release gets: none are taken over
    #[arg(long, value_name = "FILE", env = "DEPLOY_VALUES", value_delimiter = ',')]
    pub(crate) values: Vec<PathBuf>,
    /// A key of the release's Secret, with the value of the environment variable of that name; may be repeated. Without any, the
    /// values name a Secret that somebody else writes
    #[arg(long, value_name = "KEY", env = "DEPLOY_SECRET_KEYS", value_delimiter = ',')]
    pub(crate) secret: Vec<String>,
    /// A command that prints those values, as JSON: {"KEY": "…"}. Without one they are in the environment
    #[arg(long, value_name = "COMMAND", env = "DEPLOY_SECRETS_FROM")]
    pub(crate) secrets_from: Option<String>,
    /// Time limit of the rollout, in seconds; taking it back may take as long again
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) timeout: u64,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WaitArgs {
    #[command(flatten)]
    pub(crate) release: ReleaseArgs,
    /// Time limit of the wait, in seconds; a definite failure ends it at once
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub(crate) timeout: u64,
}
