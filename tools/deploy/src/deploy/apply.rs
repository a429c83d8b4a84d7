//! `deploy apply`: the plan that was approved, and no other.

use std::path::PathBuf;

use anyhow::{Result, bail};
use kit::cluster::Choice;
use kit::tools::{self, Use};
use kit::workspace;

use super::plan_key::IDENTITY;
use super::report;
use super::root::{Env, Root};
use super::saved::Saved;
use crate::drift;
use crate::project::PROJECT;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    env: Env,
    /// The folder with the saved plan; an encrypted one is opened with the key in PLAN_IDENTITY
    #[arg(long, value_name = "DIR", default_value = PROJECT.plan)]
    from: PathBuf,
    /// The checksum that was approved, as `deploy plan` printed it
    #[arg(long, value_name = "SHA256")]
    approved: String,
    /// Afterwards compare env, release and replicas on this context of the kubeconfig, as `drift` does
    #[arg(long, conflicts_with = "cluster", env = "DEPLOY_CONTEXT")]
    context: Option<String>,
    /// The same on the project's own cluster
    #[arg(long)]
    cluster: Option<Choice>,
}

/// # Errors
/// There is no such plan, Terraform fails, or what runs afterwards is not what was applied.
pub(super) fn run(options: &Options) -> Result<()> {
    tools::require(&[Use::Terraform], false)?;
    let root = Root::open(&options.env, Vec::new())?;
    let saved = Saved::open(workspace::root().join(&options.from));
    if saved.is_encrypted() {
        tools::require(&[Use::Plan], options.env.install)?;
    }
    saved.decrypt(std::env::var(IDENTITY).ok())?;
    let outcome = apply(&root, &saved, &options.approved);
    // An applied plan is of no use to anybody, and one that was refused is somebody's evidence: both are there encrypted.
    if saved.is_encrypted() || outcome.is_ok() {
        saved.forget()?;
    }
    outcome?;
    report::write(
        &format!("Applied to {}", workspace::shown(&root.folder)),
        &format!("checksum {}", options.approved),
    )?;
    let context = options.context.clone().filter(|context| !context.is_empty());
    if context.is_none() && options.cluster.is_none() {
        return Ok(());
    }
    tools::require(&[Use::Deploy], options.env.install)?;
    drift::run(&drift::Options::of_env(&root.folder, context, options.cluster))
}

fn apply(root: &Root, saved: &Saved, approved: &str) -> Result<()> {
    let checksum = saved.checksum()?;
    if !checksum.eq_ignore_ascii_case(approved.trim()) {
        bail!(
            "this is not the plan that was approved: its checksum is {checksum}, approved was {approved}; \
             nothing was applied. Plan anew and have that plan approved"
        );
    }
    saved.give_lock_to(&root.folder)?;
    root.init()?;
    let plan = saved.plan();
    if !root.follow("apply", &["-lock-timeout=60s".as_ref(), plan.as_os_str()])?.success() {
        bail!(
            "terraform apply failed; what it had done until then is done and in the state. Mend the cause, plan anew and approve that"
        );
    }
    Ok(())
}
