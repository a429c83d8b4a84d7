//! Getting tools that are missing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cache;
use crate::pins::{self, Source, Tool};
use crate::process::Cmd;
use crate::ui;
use crate::workspace;

/// The folder with the package lists of `apt-get update`; empty on a fresh container image.
const APT_LISTS: &str = "/var/lib/apt/lists";

/// Asked by Debian's packages before they start a service.
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";

/// Priority of a build on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// A task waits for it.
    Now,
    /// At the lowest priority, since nothing waits for it yet.
    Background,
}

/// Installs `tools`, one at a time on this machine: a second run waits, and then finds what the first has built.
pub(super) fn all(tools: &[&Tool]) -> Result<()> {
    let packages: Vec<_> = tools.iter().filter_map(|tool| debian_package(tool)).collect();
    if !packages.is_empty() {
        let _lock = lock(report_wait)?;
        install_packages(&packages)?;
    }
    for tool in tools.iter().filter(|tool| !tool.is_there()) {
        let _lock = lock(report_wait)?;
        if !tool.is_there() {
            install(tool, Pace::Now)?;
        }
    }
    Ok(())
}

/// Builds `tools` at the lowest priority, in the order given.
pub(super) fn in_background(tools: &[&Tool]) {
    for tool in tools {
        let Ok(_lock) = lock(|| ()) else { return };
        if !tool.is_there() && install(tool, Pace::Background).is_err() {
            ui::say(format!(
                "{} was not built in the background; the tier that needs it tries again",
                tool.name
            ));
        }
    }
}

fn report_wait() {
    ui::say("a build of tools is at work; waiting for it");
}

/// The tool is built from source, which takes from half a minute to many.
pub(super) fn takes_long(tool: &Tool) -> bool {
    tool.source.is_go() || matches!(tool.source, Source::Cargo { .. })
}

/// Waits until no other run installs a tool, after a call of `busy` if one does. Dropping the file gives the lock back, which happens
/// after each tool: who needs one waits for the tool at work and for no other.
fn lock(busy: impl FnOnce()) -> Result<File> {
    let root = cache::root();
    fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
    let lock = File::create(root.join("lock"))?;
    if lock.try_lock().is_err() {
        busy();
        lock.lock()?;
    }
    Ok(lock)
}

fn debian_package(tool: &Tool) -> Option<&str> {
    match &tool.source {
        Source::Debian { package } => Some(package),
        Source::GoInstall { .. }
        | Source::GoBuild { .. }
        | Source::GoFiles { .. }
        | Source::GoModule { .. }
        | Source::Cargo { .. }
        | Source::Rustup { .. }
        | Source::Python { .. }
        | Source::ByHand { .. } => None,
    }
}

fn install(tool: &Tool, pace: Pace) -> Result<()> {
    match &tool.source {
        Source::Rustup { component } => {
            Cmd::new("rustup").args(["component", "add", component]).run().map(drop)
        }
        Source::GoInstall { package, version } => build(tool, |folder| {
            let target = format!("{package}@{version}");
            go(pace)
                .args(["install", "-trimpath", "-ldflags=-s -w", &target])
                .env("GOBIN", folder)
                .run()
                .map(drop)
        }),
        Source::GoBuild { module, version, package, replaced } => build(tool, |folder| {
            let main = folder.join("module");
            fs::create_dir(&main)?;
            fs::write(main.join("go.mod"), go_mod(module, version, replaced))?;
            go(pace)
                .args(["build", "-mod=mod", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o"])
                .arg(folder.join(&tool.name))
                .arg(package)
                .directory(&main)
                .run()?;
            remove_if_there(&main)
        }),
        Source::GoFiles { module, version, folder: files } => build(tool, |folder| {
            let module = downloaded(module, version, folder, pace)?;
            fs::write(folder.join(&tool.name), joined(&module.join(files))?)
                .with_context(|| format!("cannot write {}", tool.name))
        }),
        Source::GoModule { module, package } => build(tool, |folder| {
            build_from_module(module, package, &folder.join(&tool.name), pace)?;
            if tool.name == "kube" { link_kubectl(folder) } else { Ok(()) }
        }),
        Source::Cargo { package, version } => build(tool, |folder| {
            program("cargo", pace)
                .args(["install", "--quiet", "--locked", "--version", version, package, "--root"])
                .arg(folder)
                // Beside the tool, so that what it is built of goes with it and nothing of it is kept.
                .env("CARGO_TARGET_DIR", folder.join("target"))
                .run()?;
            remove_if_there(&folder.join("target"))
        }),
        Source::Python { packages } => build(tool, |folder| install_python(packages, folder)),
        Source::Debian { .. } => Ok(()),
        Source::ByHand { how } => bail!("{}: {how}", tool.name),
    }
}

/// The folder of a Go module's files, in Go's own cache.
fn downloaded(module: &str, version: &str, folder: &Path, pace: Pace) -> Result<PathBuf> {
    let target = format!("{module}@{version}");
    let answer = go(pace).args(["mod", "download", "-json", &target]).directory(folder).run()?;
    let answer: Value = serde_json::from_str(&answer).context("`go mod download` printed no JSON")?;
    answer["Dir"].as_str().map(PathBuf::from).context("`go mod download` named no folder")
}

/// Installs Python packages into a folder. A virtual environment's files name the folder that they were made in and so cannot be
/// moved.
fn install_python(packages: &[String], folder: &Path) -> Result<()> {
    Cmd::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target"])
        .arg(folder)
        .args(packages)
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .run()
        .map(drop)
}

/// Builds into a temporary folder and renames it, so that an interrupted build leaves no half tool behind.
fn build(tool: &Tool, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = cache::folder(tool).context("a tool that is not kept in the cache")?;
    let temporary = folder.with_extension("part");
    remove_if_there(&temporary)?;
    fs::create_dir_all(&temporary)?;
    make(&temporary)?;
    remove_if_there(&folder)?;
    fs::rename(&temporary, &folder).with_context(|| format!("cannot move {} in place", tool.name))
}

fn remove_if_there(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn build_from_module(module: &str, package: &str, output: &Path, pace: Pace) -> Result<()> {
    let kubernetes = pins::kubernetes_version();
    let (major, minor) = major_and_minor(kubernetes);
    let version = "-X k8s.io/component-base/version.git";
    let flags = format!(
        "-ldflags=-s -w {version}Version=v{kubernetes} {version}Major={major} {version}Minor={minor}"
    );
    go(pace)
        .args(["build", "-trimpath", "-buildvcs=false", "-tags=providerless", &flags, "-o"])
        .arg(output)
        .arg(package)
        .directory(workspace::go_module().join(module))
        .run()
        .map(drop)
}

/// Static binaries: two of them are the only file of an image.
fn go(pace: Pace) -> Cmd {
    program("go", pace).env("CGO_ENABLED", "0")
}

fn program(name: &str, pace: Pace) -> Cmd {
    match pace {
        Pace::Now => Cmd::new(name),
        Pace::Background => Cmd::new("nice").args(["-n", "19", name]),
    }
}

/// The manifest of a module that needs nothing but `module`, so that the versions are those that its own go.mod names.
fn go_mod(module: &str, version: &str, replaced: &[(String, String)]) -> String {
    let replace: String = replaced.iter().map(|(old, new)| format!("replace {old} => {new}\n")).collect();
    format!("module tool\n\ngo 1.24.0\n\nrequire {module} {version}\n\n{replace}")
}

/// The YAML files of a folder as one, in the order of their names.
fn joined(folder: &Path) -> Result<String> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    let texts = files.iter().map(fs::read_to_string).collect::<io::Result<Vec<_>>>()?;
    Ok(texts.iter().map(|text| format!("---\n{text}\n")).collect())
}

fn link_kubectl(folder: &Path) -> Result<()> {
    std::os::unix::fs::symlink("kube", folder.join("kubectl")).context("cannot link kubectl to kube")
}

fn major_and_minor(version: &str) -> (&str, &str) {
    let mut parts = version.split('.');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

fn install_packages(packages: &[&str]) -> Result<()> {
    let line = format!("apt-get install --yes --no-install-recommends {}", packages.join(" "));
    if !rustix::process::geteuid().is_root() {
        bail!("Debian packages need root; run: sudo {line}");
    }
    if !Cmd::new("apt-get").arg("--version").succeeds() {
        bail!("no apt-get here; install with this machine's package manager: {}", packages.join(" "));
    }
    if fs::read_dir(APT_LISTS).map_or(true, |entries| entries.count() < 3) {
        Cmd::new("apt-get").arg("update").run()?;
    }
    let _no_services = NoServices::hold()?;
    let install = || apt_install(packages).run();
    if install().is_err() {
        // Lists that are too old name package files that are gone from the archive.
        Cmd::new("apt-get").arg("update").run()?;
        install()?;
    }
    Ok(())
}

/// Debian starts the service of a package that has one, which would take a port of this machine that nobody asked for.
/// The file is its interface to forbid that; one that is there already stays, and decides.
struct NoServices {
    is_own: bool,
}

impl NoServices {
    fn hold() -> Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o755).open(SERVICE_POLICY);
        match file {
            Ok(mut file) => {
                // 101 means: not allowed.
                file.write_all(b"#!/bin/sh\nexit 101\n")
                    .with_context(|| format!("cannot write {SERVICE_POLICY}"))?;
                Ok(Self { is_own: true })
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Self { is_own: false }),
            Err(error) => Err(error).with_context(|| format!("cannot write {SERVICE_POLICY}")),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.is_own {
            let _ = fs::remove_file(SERVICE_POLICY);
        }
    }
}

fn apt_install(packages: &[&str]) -> Cmd {
    Cmd::new("apt-get")
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_of_a_tool_requires_and_replaces() {
        assert_eq!(
            go_mod(
                "example.org/tool",
                "v1.2.3",
                &[("example.org/a".to_owned(), "example.org/b v0.1.0".to_owned())]
            ),
            "module tool\n\ngo 1.24.0\n\nrequire example.org/tool v1.2.3\n\n\
             replace example.org/a => example.org/b v0.1.0\n"
        );
    }

    #[test]
    fn manifests_of_a_folder_are_joined_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("b.yaml", "b: 1"), ("a.yaml", "a: 1"), ("kustomization.txt", "no")] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(joined(folder.path()).unwrap(), "---\na: 1\n---\nb: 1\n");
    }
}
