//! `deploy apply`: the plan that was approved, and no other.

use anyhow::{Result, bail};

use super::plan_key::IDENTITY;
use super::report;
use super::root::Root;
use super::saved::Saved;
use crate::args::ApplyArgs;
use crate::deployment::Deployment;
use crate::drift::{Comparison, Verdict};
use crate::program;

/// Applies a saved plan; returns the verdict of the comparison afterwards.
///
/// # Errors
/// There is no such plan, or Terraform fails.
pub(super) fn run(args: &ApplyArgs) -> Result<Verdict> {
    let deployment = Deployment::read(&args.root.project)?;
    let root = Root::open(&args.root, &deployment, Vec::new())?;
    // Terraform is called in the folder of its root.
    let saved = Saved::open(std::path::absolute(deployment.plan(args.from.as_ref()))?);
    program::require(if saved.is_encrypted() { &["terraform", "age"] } else { &["terraform"] })?;
    saved.decrypt(std::env::var(IDENTITY).ok())?;
    let outcome = apply(&root, &saved, &args.approved);
    // An applied plan is of no use to anybody, and one that was refused is somebody's evidence: both are there encrypted.
    if saved.is_encrypted() || outcome.is_ok() {
        saved.forget()?;
    }
    outcome?;
    report::write(&format!("Applied to {}", root.folder.display()), &format!("checksum {}", args.approved))?;
    let Some(context) = deployment.context(args.context.as_ref()) else { return Ok(Verdict::Same) };
    Comparison::of_root(&deployment, root.folder, Some(context))?.run()
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
