//! The tier `fuzz`: the model checks, and each fuzz target first on its corpus and then on what libFuzzer makes of it.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};
use kit::process::{Captured, Cmd};
use kit::{ui, workspace};

use super::cargo::cargo_test;
use super::summary::{self, Outcome, Results};

/// Names the time of each target and each model check, in seconds.
const SECONDS: &str = "FUZZ_SECONDS";
/// Default time of a target.
const DEFAULT_SECONDS: u64 = 5;
/// Seed of a short run, which thus tries much the same inputs each time: what it finds is the doing of a change, not of chance.
/// A longer run has a seed of its own.
const SEED: u32 = 1;
/// Most targets that run at a time by default. Each has one thread, and a short run is to leave room for another task.
const MAX_CONCURRENT: usize = 2;
/// Longest input in bytes: more than the first read of a connection takes.
const MAX_LENGTH: usize = 5000;
/// Longest time of one input in seconds. A machine under load takes many times as long as usual for one.
const TIMEOUT: u64 = 30;
/// Most memory of a target in megabytes.
const MEMORY: usize = 2048;

const MODEL_TESTS: [&str; 7] =
    ["--manifest-path", "fuzz/Cargo.toml", "--package", "model", "--release", "--target-dir", "target/model"];
/// The target is named so that build scripts are left without counters.
const BUILD: [&str; 9] = [
    "build",
    "--manifest-path",
    "fuzz/Cargo.toml",
    "--config",
    "fuzz/instrumented.toml",
    "--target",
    "host-tuple",
    "--release",
    "--bins",
];

/// Prefix of libFuzzer's line that names the file of a failing input.
const WRITTEN: &str = "Test unit written to ";

/// Runs all of it, also after something has failed.
pub(super) fn run(results: &mut Results) -> Result<Outcome> {
    let mut failed = Vec::new();
    if !cargo_test(Cmd::new("cargo"), &MODEL_TESTS, results)? {
        failed.push(format!("cargo test {}", MODEL_TESTS.join(" ")));
    }
    Cmd::new("cargo").args(BUILD).without_env("RUSTFLAGS").directory(workspace::root()).run()?;
    let host = Cmd::new("rustc").args(["--print", "host-tuple"]).directory(workspace::root()).ask()?;
    let binaries = Path::new("target/fuzz").join(host.trim()).join("release");
    let seconds = seconds(std::env::var_os(SECONDS))?;
    let at_once = if seconds > DEFAULT_SECONDS { processors() } else { MAX_CONCURRENT };
    for (target, complaint) in run_targets(&binaries, seconds, at_once)? {
        results.counts.add_one(complaint.is_none());
        if let Some(complaint) = complaint {
            ui::error(&complaint);
            results.failures.add(&complaint);
            failed.push(format!("fuzz target {target}"));
        }
    }
    Ok(summary::outcome_of_steps(&failed))
}

/// Each target with what is wrong, in the order of their ends.
fn run_targets(binaries: &Path, seconds: u64, at_once: usize) -> Result<Vec<(String, Option<String>)>> {
    let left = Mutex::new(targets()?);
    let ended = Mutex::new(Vec::new());
    let work = || {
        while let Some(target) = with(&left, Vec::pop) {
            let complaint =
                run_target(&target, binaries, seconds).unwrap_or_else(|error| Some(format!("{error:#}")));
            with(&ended, |ended| ended.push((target, complaint)));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(ui::carried(work));
        }
    });
    Ok(with(&ended, std::mem::take))
}

/// The names of the targets, the last in the alphabet first.
fn targets() -> Result<Vec<String>> {
    let folder = workspace::root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for file in files {
        names.extend(file?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort_unstable();
    Ok(names)
}

/// Runs a target; returns its failure, with the input and the command that repeats it.
fn run_target(target: &str, binaries: &Path, seconds: u64) -> Result<Option<String>> {
    let binary = binaries.join(target);
    let artifacts = Path::new("fuzz/artifacts").join(target);
    let found = Path::new("target/fuzz/corpus").join(target);
    let corpus = Path::new("fuzz/corpus").join(target);
    for folder in [&artifacts, &found, &corpus] {
        fs::create_dir_all(workspace::root().join(folder))?;
    }
    let captured = Cmd::new(workspace::root().join(&binary))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_LENGTH}"))
        .arg(format!("-timeout={TIMEOUT}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .args((seconds <= DEFAULT_SECONDS).then(|| format!("-seed={SEED}")))
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        // libFuzzer adds to the first folder what it finds, and only reads the second.
        .args([&found, &corpus])
        .directory(workspace::root())
        .capture()?;
    if captured.code == Some(0) {
        ui::say(format!("{target}: {}", figures(&captured)));
        return Ok(None);
    }
    captured.lines.iter().for_each(|line| ui::say(format!("  {target} | {line}")));
    Ok(Some(complaint(target, &binary, &captured)))
}

fn complaint(target: &str, binary: &Path, captured: &Captured) -> String {
    let input = captured.lines.iter().find_map(|line| Some(line.split_once(WRITTEN)?.1.trim()));
    let Some(input) = input else {
        return format!("fuzz target {target} failed ({}) and names no input", captured.status);
    };
    format!(
        "fuzz target {target} fails on {input}; repeat it with `{} {input}`, and once that is mended keep the input: \
         `mv {input} fuzz/corpus/{target}/NAME`",
        binary.display()
    )
}

/// Returns the number of runs, from the lines in which libFuzzer prints it.
fn figures(captured: &Captured) -> String {
    let word_after = |line: &str, before: &str| -> Option<String> {
        Some(line.split_once(before)?.1.split_whitespace().next()?.to_owned())
    };
    let last = |marker: &str, before: &str| {
        let mut lines = captured.lines.iter().rev().filter(|line| line.contains(marker));
        lines.find_map(|line| word_after(line, before)).unwrap_or_else(|| "?".to_owned())
    };
    format!(
        "{} runs, {} edges covered ({} by the corpus), no failure",
        last("stat::number_of_executed_units:", "units:"),
        last(" cov: ", " cov: "),
        last("INITED", " cov: ")
    )
}

fn seconds(given: Option<OsString>) -> Result<u64> {
    let Some(given) = given else { return Ok(DEFAULT_SECONDS) };
    match given.to_str().and_then(|text| text.parse().ok()) {
        // libFuzzer takes 0 for no end.
        Some(seconds) if seconds > 0 => Ok(seconds),
        _ => bail!("{SECONDS} must be a whole number of seconds above 0, not {given:?}"),
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(MAX_CONCURRENT, usize::from)
}

/// A thread that panicked has left the list whole.
fn with<T, R>(shared: &Mutex<T>, change: impl FnOnce(&mut T) -> R) -> R {
    change(&mut shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn captured(lines: &[&str]) -> Captured {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Captured { status: ExitStatus::from_raw(77 << 8), code: Some(77), stdout: String::new(), lines }
    }

    #[test]
    fn failure_names_input_and_command() {
        let crash =
            "artifact_prefix='fuzz/artifacts/plain/'; Test unit written to fuzz/artifacts/plain/crash-1f";
        let told = complaint("plain", Path::new("target/fuzz/plain"), &captured(&["panicked", crash]));
        assert!(told.contains("fails on fuzz/artifacts/plain/crash-1f"), "{told}");
        assert!(told.contains("`target/fuzz/plain fuzz/artifacts/plain/crash-1f`"), "{told}");
        let told = complaint("plain", Path::new("target/fuzz/plain"), &captured(&["killed"]));
        assert!(told.contains("names no input"), "{told}");
    }

    #[test]
    fn figures_are_those_of_the_last_lines() {
        let told = figures(&captured(&[
            "#44\tINITED cov: 510 ft: 900 corp: 40/2Kb exec/s: 0 rss: 41Mb",
            "#900\tNEW    cov: 555 ft: 990 corp: 44/3Kb lim: 21 exec/s: 0",
            "stat::number_of_executed_units: 12345",
        ]));
        assert_eq!(told, "12345 runs, 555 edges covered (510 by the corpus), no failure");
    }

    #[test]
    fn time_is_a_number_of_seconds() {
        assert_eq!(seconds(None).unwrap(), DEFAULT_SECONDS);
        assert_eq!(seconds(Some("300".into())).unwrap(), 300);
        for text in ["0", "-1", "5s", ""] {
            assert!(seconds(Some(text.into())).is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_target_has_a_corpus_and_a_binary() {
        let manifest = fs::read_to_string(workspace::root().join("fuzz/Cargo.toml")).unwrap();
        for target in targets().unwrap() {
            assert!(manifest.contains(&format!("name = \"{target}\"\n")), "{target}");
            let corpus = workspace::root().join("fuzz/corpus").join(&target);
            assert!(fs::read_dir(corpus).is_ok_and(|files| files.count() > 0), "{target} has no corpus");
        }
    }
}
