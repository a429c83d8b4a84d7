//! Commit and target of the binary, for `--version` and the metric of the build.
//!
//! `BUILD_COMMIT` (`4242ebc4 2026-11-30`) says the commit where Git is out of reach, as in the build stage of the Dockerfile. Else Git
//! is asked, in a build for release only: each commit would compile the service anew, and in a debug build all of its tests too.

use std::path::Path;
use std::process::Command;

/// Paths with all that the binary is made of, from the root of the workspace.
const SOURCES: [&str; 9] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "apps/myapp",
    "crates/chassis",
    "crates/contract",
    "crates/fleet",
    "crates/live-config",
    "rust-toolchain.toml",
];

/// Digits of a commit's id that are shown. Git's own abbreviation depends on the repository.
const DIGITS: usize = 8;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BUILD_COMMIT");
    let given = std::env::var("BUILD_COMMIT").ok().filter(|commit| !commit.trim().is_empty());
    let commit = given.or_else(checked_out).unwrap_or_else(|| "unknown".into());
    let (id, date) = commit.trim().split_once(' ').unwrap_or((commit.trim(), ""));
    let target = std::env::var("TARGET").unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let source = if date.is_empty() { format!("commit {id}") } else { format!("{id} {date}") };
    println!("cargo::rustc-env=BUILD_COMMIT={id}");
    println!("cargo::rustc-env=BUILD_TARGET={target}");
    println!("cargo::rustc-env=BUILD_VERSION={version} ({source}, {target})");
}

/// The commit of this checkout with its date in UTC, marked where the sources differ from it.
///
/// Returns `None` in a debug build, and without Git: the sources may lie in a checkout of something else.
fn checked_out() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let is_fuzzing = std::env::var_os("CARGO_CFG_FUZZING").is_some();
    if !is_release || is_fuzzing || !root.join(".git").exists() {
        return None;
    }
    let git = |words: &[&str]| {
        let output = Command::new("git").current_dir(&root).args(words).env("TZ", "UTC").output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    // The log of what was checked out: a line for each commit, switch of branch and reset.
    println!(
        "cargo::rerun-if-changed={}",
        root.join(git(&["rev-parse", "--git-path", "logs/HEAD"])?).display()
    );
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let format = ["log", "-1", "--date=format-local:%Y-%m-%d", "--format=%H %cd"];
    let commit = git(&format)?;
    let (id, date) = commit.split_once(' ')?;
    let is_modified = !git(&[&["status", "--porcelain", "--"][..], &SOURCES].concat())?.is_empty();
    let mark = if is_modified { "-modified" } else { "" };
    Some(format!("{}{mark} {date}", id.get(..DIGITS)?))
}
