//! The terraform tier: formatting, validation and mocked tests of the modules and envs, and the tests that read what
//! Terraform says.
//!
//! All of it works on a copy, so that lock files and caches never land in the checkout. Providers come from the registry, or
//! from wherever `TF_CLI_CONFIG_FILE` says: schema-only stand-ins are enough, since no test reaches a cluster.

mod aws;
mod copy;

use std::path::{Path, PathBuf};

use anyhow::Result;
use kit::process::Cmd;
use kit::tools::{self, Use};

pub(crate) use aws::Extent;
use copy::{Copy, are_real, is_valid};

use super::cargo::cargo_test;
use super::summary::{self, Counts, Outcome};

const TESTS: [&str; 4] = ["-p", "e2e", "--test", "terraform"];

/// Skipped where Terraform or its providers cannot be had: no task can install either. Where only the provider of AWS cannot, all
/// but AWS is tested before that is said.
pub(super) fn run(extent: Extent, counts: &mut Counts) -> Result<Outcome> {
    if let Err(missing) = tools::require(&[Use::Terraform], false) {
        return Ok(Outcome::Skipped(format!("{missing:#}")));
    }
    let copy = Copy::make()?;
    let providers = match copy.providers() {
        Ok(providers) => providers,
        Err(refusal) => {
            let ways = "reach registry.terraform.io, or name a mirror in TF_CLI_CONFIG_FILE";
            return Ok(Outcome::Skipped(format!("no providers ({ways}): {refusal:#}")));
        }
    };
    let mut failed = Vec::new();
    if copy.terraform("").args(["fmt", "-check", "-diff", "-recursive"]).run().is_err() {
        failed.push("terraform fmt -check".to_owned());
    }
    for root in copy.tested_folders(|path| !path.contains(aws::FOLDER))? {
        failed.extend(test_root(&copy, &root, &providers, counts)?.map(|what| format!("{what} in {root}")));
    }
    let cargo = Cmd::new("cargo").env("E2E_TERRAFORM_PROVIDERS", &providers);
    if !cargo_test(cargo, &TESTS, counts)? {
        failed.push(format!("cargo test {}", TESTS.join(" ")));
    }
    let lacks_aws = match copy.providers_of(aws::VERSIONS) {
        Ok(providers) => {
            failed.extend(aws::run(&copy, &providers, extent, counts)?);
            None
        }
        Err(refusal) => Some(format!("all but AWS passed; no provider of AWS: {refusal:#}")),
    };
    let outcome = summary::outcome_of_steps(&failed);
    Ok(lacks_aws.filter(|_| outcome == Outcome::Passed).map_or(outcome, Outcome::Skipped))
}

/// The providers themselves, for tests that apply. Nothing where they cannot be had, or only stand-ins can.
pub(super) struct RealProviders {
    _copy: Copy,
    pub(super) folder: PathBuf,
}

impl RealProviders {
    pub(super) fn find() -> Option<Self> {
        tools::require(&[Use::Terraform], false).ok()?;
        let copy = Copy::make().ok()?;
        let folder = copy.providers().ok()?;
        are_real(&copy, &folder).then_some(Self { _copy: copy, folder })
    }
}

/// Validates and tests a root; returns the name of the step that failed, if any.
fn test_root(copy: &Copy, root: &str, providers: &Path, counts: &mut Counts) -> Result<Option<&'static str>> {
    if !is_valid(copy, root, providers)? {
        return Ok(Some("terraform validate"));
    }
    let status =
        copy.terraform(root).args(["test", "-no-color"]).stream(|line| counts.add_terraform(line))?;
    Ok((!status.success()).then_some("terraform test"))
}
