//! The modules and roots for AWS: mocked tests of each, and the roots applied to a fake AWS.
//!
//! The provider is the real one. It comes as the others do, and no task can install it.

use std::path::Path;
use std::sync::Mutex;
use std::thread;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use kit::process::Cmd;
use kit::{tools, ui};

use super::copy::{Copy, are_real, is_valid};
use crate::test::cargo::cargo_test;
use crate::test::summary::Counts;

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

/// Roots whose mocked tests run side by side.
const MOCKED_AT_A_TIME: usize = 3;

/// Number of settings of the infra root that are applied to the fake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Extent {
    /// One of them, in some minutes
    Short,
    /// As many as cover every pair of variants, each run with a change in place, in twenty minutes
    Full,
}

/// Returns the steps that failed.
pub(super) fn run(copy: &Copy, providers: &Path, extent: Extent, counts: &mut Counts) -> Result<Vec<String>> {
    let roots = copy.tested_folders(|path| path.contains(FOLDER))?;
    let mut failed = test_with_mocks(copy, roots, providers, counts)?;
    for arguments in runs(extent, are_real(copy, providers)) {
        let cargo = Cmd::new("cargo")
            .env("E2E_AWS_PROVIDERS", providers)
            .env("E2E_FAKE_AWS_PACKAGES", tools::python_path(FAKE));
        if !cargo_test(cargo, &arguments, counts)? {
            failed.push(format!("cargo test {}", arguments.join(" ")));
        }
    }
    Ok(failed)
}

/// Some at a time, since each of their runs starts the provider anew, which one processor does. What a root prints is shown only when it
/// fails.
fn test_with_mocks(
    copy: &Copy,
    roots: Vec<String>,
    providers: &Path,
    counts: &mut Counts,
) -> Result<Vec<String>> {
    let (waiting, failed, counts) = (Mutex::new(roots), Mutex::new(Vec::new()), Mutex::new(counts));
    let work = || -> Result<()> {
        while let Some(root) = taken(&waiting)?.pop() {
            let outcome = test_quietly(copy, &root, providers)?;
            match outcome {
                Ok(printed) => {
                    ui::say(format!("{root}: {}", printed.lines().last().unwrap_or_default()));
                    let mut counts = taken(&counts)?;
                    printed.lines().for_each(|line| counts.add_terraform(line));
                }
                Err(what) => taken(&failed)?.push(format!("{what} in {root}")),
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..MOCKED_AT_A_TIME).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| anyhow!("a worker of the mocked tests panicked"))?
        })
    })?;
    failed.into_inner().map_err(|_| anyhow!("a worker of the mocked tests panicked"))
}

/// Returns the output, or the name of the step that failed.
fn test_quietly(copy: &Copy, root: &str, providers: &Path) -> Result<Result<String, &'static str>> {
    if !is_valid(copy, root, providers)? {
        return Ok(Err("terraform validate"));
    }
    Ok(copy.terraform(root).args(["test", "-no-color"]).run().map_err(|_| "terraform test"))
}

fn taken<T>(shared: &Mutex<T>) -> Result<std::sync::MutexGuard<'_, T>> {
    shared.lock().map_err(|_| anyhow!("a worker of the mocked tests panicked"))
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
