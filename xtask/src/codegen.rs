//! Files generated from the service's settings type and the workspace's version.
//!
//! `myapp schema` prints the contract, and `confpath generate` makes the rest of it, as for any service: so for the samples, too.

use std::fs;

use anyhow::{Context as _, Result, bail};
use kit::process::Cmd;
use kit::{ui, version, workspace};

/// The contract of the service, as its settings type declares it.
const CONTRACT: &str = "apps/myapp/contract.json";

/// Writes every generated file, or only says which ones differ.
///
/// # Errors
/// A program does not build, a file cannot be read or written, or (with `check`) any differs.
pub(crate) fn run(check: bool) -> Result<()> {
    let schema = cargo_run("myapp", &["schema"]).run()?;
    let mut stale = Vec::new();
    // The library chart has the workspace's version, and is a part of what confpath generates.
    let versioned = version::stamped(workspace::VERSION)?;
    for (path, text) in [(CONTRACT, schema)].into_iter().chain(versioned) {
        if fs::read_to_string(workspace::root().join(path)).is_ok_and(|present| present == text) {
            continue;
        }
        stale.push(path);
        if !check {
            fs::write(workspace::root().join(path), text).with_context(|| format!("cannot write {path}"))?;
            ui::say(format!("wrote {path}"));
        }
    }
    if check && !stale.is_empty() {
        bail!("not what `cargo xtask codegen` writes: {}", stale.join(", "));
    }
    for project in projects()? {
        let mut generate = vec!["generate", "--project", &project];
        generate.extend(check.then_some("--check"));
        let written =
            cargo_run("confpath", &generate).run().context("`cargo xtask codegen` writes what differs")?;
        written.lines().for_each(ui::say);
    }
    Ok(())
}

/// The descriptions of all services in this repository.
fn projects() -> Result<Vec<String>> {
    let files =
        ["ls-files", "--cached", "--others", "--exclude-standard", "confpath.json", "*/confpath.json"];
    let listed = Cmd::new("git").args(files).directory(workspace::root()).ask()?;
    Ok(listed.lines().map(str::to_owned).collect())
}

fn cargo_run(package: &str, arguments: &[&str]) -> Cmd {
    let cargo = Cmd::new("cargo").args(["run", "--quiet", "--package", package, "--"]).args(arguments);
    cargo.directory(workspace::root())
}
