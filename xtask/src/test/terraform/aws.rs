//! The roots for AWS, applied to a fake AWS.
//!
//! The provider is the real one. It comes as the others do, and no task can install it.

use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;
use kit::process::Cmd;
use kit::tools;

use crate::test::cargo::cargo_test;
use crate::test::summary::Results;

/// Every module and root for AWS is below a folder of this name.
pub(super) const FOLDER: &str = "aws";

/// Names the exact versions that the roots for AWS accept, and every provider that any of them needs.
pub(super) const VERSIONS: &str = "envs/aws/app/versions.tf";

/// The tool that brings the packages of the fake.
const FAKE: &str = "moto_server";

/// In the names of tests that need the kubernetes and helm providers themselves.
const REAL_PROVIDERS: &str = "real_providers";

/// Applies wait for one thing or another most of the time.
const THREADS: &str = "4";

/// Number of settings of the infra root that are applied to the fake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Extent {
    /// One of them, in some minutes
    Short,
    /// As many as cover every pair of variants, each run with a change in place, in twenty minutes
    Full,
}

/// Applies the roots; returns the steps that failed.
pub(super) fn run(
    providers: &Path,
    extent: Extent,
    are_real: bool,
    results: &mut Results,
) -> Result<Vec<String>> {
    let mut failed = Vec::new();
    for arguments in runs(extent, are_real) {
        let cargo = Cmd::new("cargo")
            .env("E2E_AWS_PROVIDERS", providers)
            .env("E2E_FAKE_AWS_PACKAGES", tools::python_path(FAKE));
        if !cargo_test(cargo, &arguments, results)? {
            failed.push(format!("cargo test {}", arguments.join(" ")));
        }
    }
    Ok(failed)
}

/// The long runs are ignored unless asked for, and then take the place of the short one. What needs more than stand-ins of the other
/// providers runs by itself where they are real.
fn runs(extent: Extent, are_real: bool) -> Vec<Vec<&'static str>> {
    let run = |more: &[&'static str]| {
        [&["-p", "e2e", "--test", "aws", "--", "--test-threads", THREADS], more].concat()
    };
    let first = match extent {
        Extent::Short => run(&[]),
        Extent::Full => run(&["--include-ignored", "--skip", "infra::short", "--skip", REAL_PROVIDERS]),
    };
    let second = are_real.then(|| run(&["--ignored", REAL_PROVIDERS]));
    [Some(first), second].into_iter().flatten().collect()
}
