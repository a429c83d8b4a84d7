//! Mocked tests of modules and roots, some at a time.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::thread;

use anyhow::{Result, anyhow};
use kit::ui;

use super::copy::{Copy, is_valid};
use super::shared_provider::SharedProvider;
use crate::test::summary::Counts;

/// Modules and roots whose mocked tests run side by side. More would only wait for a processor.
const AT_A_TIME: usize = 2;

/// A folder with tests, and its providers.
pub(super) struct Suite<'a> {
    pub(super) root: String,
    pub(super) providers: &'a Path,
    pub(super) shared: Option<&'a SharedProvider>,
}

/// Runs all suites; returns the steps that failed, and the numbers of tests. What a suite prints is shown only when it fails.
pub(super) fn run(copy: &Copy, suites: Vec<Suite<'_>>) -> Result<(Vec<String>, Counts)> {
    let (waiting, failed, counts) =
        (Mutex::new(suites), Mutex::new(Vec::new()), Mutex::new(Counts::default()));
    let work = || -> Result<()> {
        loop {
            // The lock must not be held while a suite runs.
            let next = taken(&waiting)?.pop();
            let Some(suite) = next else { return Ok(()) };
            match test(copy, &suite)? {
                Ok(printed) => {
                    ui::say(format!("{}: {}", suite.root, printed.lines().last().unwrap_or_default()));
                    let mut counts = taken(&counts)?;
                    printed.lines().for_each(|line| counts.add_terraform(line));
                }
                Err(what) => taken(&failed)?.push(format!("{what} in {}", suite.root)),
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(ui::carried(work))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| panicked())?)
    })?;
    Ok((failed.into_inner().map_err(|_| panicked())?, counts.into_inner().map_err(|_| panicked())?))
}

/// Validates and tests; returns the output, or the name of the step that failed.
fn test(copy: &Copy, suite: &Suite<'_>) -> Result<Result<String, &'static str>> {
    if !is_valid(copy, &suite.root, suite.providers)? {
        return Ok(Err("terraform validate"));
    }
    let test = copy.terraform(&suite.root).args(["test", "-no-color"]);
    let test = match suite.shared {
        Some(provider) => provider.attach(test),
        None => test,
    };
    Ok(test.run().map_err(|_| "terraform test"))
}

fn taken<T>(shared: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    shared.lock().map_err(|_| panicked())
}

fn panicked() -> anyhow::Error {
    anyhow!("a worker of the mocked tests panicked")
}
