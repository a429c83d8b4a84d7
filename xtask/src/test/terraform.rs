//! The terraform tier: formatting, validation and mocked tests of the modules and envs, and the tests that read what
//! Terraform says.
//!
//! All of it works on a copy, so that lock files and caches never land in the checkout. Providers come from the registry, or
//! from wherever `TF_CLI_CONFIG_FILE` says: schema-only stand-ins are enough, since no test reaches a cluster.

mod aws;
mod copy;
mod mocked;
mod shared_provider;

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Result, anyhow};
use kit::process::Cmd;
use kit::tools::{self, Use};
use kit::ui;

pub(crate) use aws::Extent;
use copy::{Copy, are_real};
use mocked::Suite;
use shared_provider::SharedProvider;

use super::cargo::cargo_test;
use super::summary::{self, Outcome, Results};

const TESTS: [&str; 4] = ["-p", "e2e", "--test", "terraform"];

/// Skipped where Terraform or its providers cannot be had: no task can install either. Where only the provider of AWS cannot, all
/// but AWS is tested before that is said.
pub(super) fn run(extent: Extent, results: &mut Results) -> Result<Outcome> {
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
    let (of_aws, lacks_aws) = match copy.providers_of(aws::VERSIONS) {
        Ok(providers) => (Some(providers), None),
        Err(refusal) => (None, Some(format!("all but AWS passed; no provider of AWS: {refusal:#}"))),
    };
    failed.extend(test_side_by_side(&copy, &providers, of_aws.as_deref(), extent, results)?);
    let outcome = summary::outcome_of_steps(&failed);
    Ok(lacks_aws.filter(|_| outcome == Outcome::Passed).map_or(outcome, Outcome::Skipped))
}

/// Runs the mocked tests, which need the processors, beside those that apply and mostly wait: the provider of AWS asks for what it has
/// made after fixed times, such as half a minute for a cache. Returns the steps that failed.
fn test_side_by_side(
    copy: &Copy,
    providers: &Path,
    of_aws: Option<&Path>,
    extent: Extent,
    results: &mut Results,
) -> Result<Vec<String>> {
    let are_real = of_aws.is_some_and(|of_aws| are_real(copy, of_aws));
    let shared = of_aws.map(|of_aws| SharedProvider::start(copy, of_aws)).transpose()?;
    let suites = suites(copy, providers, of_aws, shared.as_ref())?;
    thread::scope(|scope| {
        let mocked = scope.spawn(ui::carried(|| mocked::run(copy, suites)));
        let mut failed = match of_aws {
            Some(of_aws) => aws::run(of_aws, extent, are_real, results)?,
            None => Vec::new(),
        };
        let cargo = Cmd::new("cargo").env("E2E_TERRAFORM_PROVIDERS", providers);
        if !cargo_test(cargo, &TESTS, results)? {
            failed.push(format!("cargo test {}", TESTS.join(" ")));
        }
        let (failed_mocked, counted) = mocked.join().map_err(|_| anyhow!("the mocked tests panicked"))??;
        results.counts.add_all(counted);
        failed.extend(failed_mocked);
        Ok(failed)
    })
}

/// All folders with mocked tests; without providers of AWS, all but those for AWS.
fn suites<'a>(
    copy: &Copy,
    providers: &'a Path,
    of_aws: Option<&'a Path>,
    shared: Option<&'a SharedProvider>,
) -> Result<Vec<Suite<'a>>> {
    let others = copy.tested_folders(|path| !path.contains(aws::FOLDER))?;
    let mut suites: Vec<_> = others.into_iter().map(|root| Suite { root, providers, shared: None }).collect();
    if let Some(providers) = of_aws {
        let roots = copy.tested_folders(|path| path.contains(aws::FOLDER))?;
        suites.extend(roots.into_iter().map(|root| Suite { root, providers, shared }));
    }
    Ok(suites)
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
