//! `deploy plan`: what an apply would do, for a person to approve.

use std::ffi::{OsStr, OsString};

use anyhow::{Result, bail};

use super::changes::Changes;
use super::root::Root;
use super::saved::Saved;
use super::{environment, report};
use crate::args::PlanArgs;
use crate::console::say;
use crate::deployment::Deployment;
use crate::program;

/// Plans, and saves the plan.
///
/// # Errors
/// Terraform refuses, or the plan would hold a secret; then there is no plan.
pub(super) fn run(args: &PlanArgs) -> Result<()> {
    let recipient = args.recipient.as_deref().filter(|recipient| !recipient.is_empty());
    let unencrypted = (recipient.is_none() && in_ci())
        .then(|| "PLAN_RECIPIENT is not set: a plan leaves this machine encrypted only".to_owned());
    let deployment = Deployment::read(&args.root.project)?;
    let root = Root::open(&args.root, &deployment, unencrypted.into_iter().collect())?;
    program::require(if recipient.is_some() { &["terraform", "age"] } else { &["terraform"] })?;
    // Terraform is called in the folder of its root.
    let saved = Saved::create(std::path::absolute(deployment.plan(args.output.as_ref()))?)?;
    root.init()?;
    let mut out = OsString::from("-out=");
    out.push(saved.plan());
    let arguments: [&OsStr; 2] = [OsStr::new("-lock-timeout=60s"), &out];
    if !root.follow("plan", &arguments)?.success() {
        saved.forget()?;
        bail!("there is no plan; nothing was changed");
    }
    let outcome = judge(&root, &saved).and_then(|changes| publish(&root, &saved, &changes, recipient));
    if outcome.is_err() {
        saved.forget()?;
    }
    outcome
}

/// Returns true in an unattended run: every CI service sets the variable, and nothing else does.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

fn judge(root: &Root, saved: &Saved) -> Result<Changes> {
    let changes = Changes::read(&root.show(&saved.plan())?)?;
    let problem = |name: &String| {
        format!(
            "the input {name} is sensitive and not ephemeral, so plan and state would hold its value; declare it `ephemeral = true`"
        )
    };
    environment::settle(changes.kept_secrets().iter().map(problem).collect())?;
    Ok(changes)
}

fn publish(root: &Root, saved: &Saved, changes: &Changes, recipient: Option<&str>) -> Result<()> {
    let checksum = saved.checksum()?;
    saved.keep_lock_of(&root.folder)?;
    let file = recipient.map_or_else(|| Ok(saved.plan()), |recipient| saved.encrypt(recipient))?;
    let heading = format!("Plan of {}", root.folder.display());
    report::write(&heading, &format!("{}\n\nchecksum {checksum}", changes.render()))?;
    report::output("checksum", &checksum)?;
    report::output("changes", if changes.is_empty() { "false" } else { "true" })?;
    say(format!("\nsaved as {}; apply it by: confpath deploy apply --approved {checksum}", file.display()));
    Ok(())
}
