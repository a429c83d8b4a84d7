//! `deploy plan`: what an apply would do, for a person to approve.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::{Result, bail};
use kit::cluster;
use kit::tools::{self, Use};
use kit::{ui, workspace};

use super::changes::Changes;
use super::root::{Env, Root};
use super::saved::Saved;
use super::{environment, report};
use crate::project::PROJECT;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    env: Env,
    /// The folder that takes the saved plan
    #[arg(long, value_name = "DIR", default_value = PROJECT.plan)]
    output: PathBuf,
    /// Encrypt the plan to this public key of age, and keep it in no other form. Needed in CI, where it goes to another machine
    #[arg(long, value_name = "AGE1", env = "PLAN_RECIPIENT")]
    recipient: Option<String>,
}

/// # Errors
/// Terraform refuses, or the plan would hold a secret; then there is no plan.
pub(super) fn run(options: &Options) -> Result<()> {
    tools::require(&[Use::Terraform], false)?;
    let recipient = options.recipient.as_deref().filter(|recipient| !recipient.is_empty());
    if recipient.is_some() {
        tools::require(&[Use::Plan], options.env.install)?;
    }
    let unencrypted = (recipient.is_none() && cluster::in_ci())
        .then(|| "PLAN_RECIPIENT is not set: a plan leaves this machine encrypted only".to_owned());
    let root = Root::open(&options.env, unencrypted.into_iter().collect())?;
    let saved = Saved::create(workspace::root().join(&options.output))?;
    root.init()?;
    let mut out = std::ffi::OsString::from("-out=");
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

fn judge(root: &Root, saved: &Saved) -> Result<Changes> {
    let changes = Changes::read(&root.show(&saved.plan())?)?;
    let problem = |name: &String| {
        format!(
            "the input {name} is sensitive and not ephemeral, so plan and state would hold its value; declare it `ephemeral = true`"
        )
    };
    environment::settle(&changes.kept_secrets().iter().map(problem).collect::<Vec<_>>())?;
    Ok(changes)
}

fn publish(root: &Root, saved: &Saved, changes: &Changes, recipient: Option<&str>) -> Result<()> {
    let checksum = saved.checksum()?;
    saved.keep_lock_of(&root.folder)?;
    let file = recipient.map_or_else(|| Ok(saved.plan()), |recipient| saved.encrypt(recipient))?;
    let heading = format!("Plan of {}", workspace::shown(&root.folder));
    report::write(&heading, &format!("{}\n\nchecksum {checksum}", changes.render()))?;
    report::output("checksum", &checksum)?;
    report::output("changes", if changes.is_empty() { "false" } else { "true" })?;
    ui::say(format!(
        "\nsaved as {}; apply it by: cargo xtask deploy apply --approved {checksum}",
        file.display()
    ));
    Ok(())
}
