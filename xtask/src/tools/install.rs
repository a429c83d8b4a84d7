//! Getting tools that are missing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::cache;
use super::table::{KUBERNETES_VERSION, Source, Tool};
use crate::process::Cmd;
use crate::ui;
use crate::workspace;

/// Where the packages of `apt-get update` end up; empty on a fresh container image.
const APT_LISTS: &str = "/var/lib/apt/lists";

/// Asked by Debian's packages before they start a service.
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs `tools`, one run at a time on this machine: a second one waits, and then finds what the first has built.
pub(super) fn all(tools: &[&Tool]) -> Result<()> {
    let root = cache::root();
    fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
    let lock = File::create(root.join("lock"))?;
    if lock.try_lock().is_err() {
        ui::say("another run is installing tools; waiting for it");
        lock.lock()?;
    }
    let packages: Vec<_> = tools.iter().filter_map(|tool| debian_package(tool)).collect();
    if !packages.is_empty() {
        install_packages(&packages)?;
    }
    tools.iter().filter(|tool| !tool.is_there()).try_for_each(|tool| install(tool))
}

fn debian_package(tool: &Tool) -> Option<&'static str> {
    match tool.source {
        Source::Debian { package } => Some(package),
        Source::GoInstall { .. }
        | Source::GoModule { .. }
        | Source::Cargo { .. }
        | Source::Rustup { .. }
        | Source::Python { .. }
        | Source::ByHand { .. } => None,
    }
}

fn install(tool: &Tool) -> Result<()> {
    match &tool.source {
        Source::Rustup { component } => {
            Cmd::new("rustup").args(["component", "add", component]).run().map(drop)
        }
        Source::GoInstall { package, version } => build(tool, |folder| {
            let target = format!("{package}@{version}");
            go().args(["install", "-trimpath", "-ldflags=-s -w", &target])
                .env("GOBIN", folder)
                .run()
                .map(drop)
        }),
        Source::GoModule { module, package } => build(tool, |folder| {
            build_from_module(module, package, &folder.join(tool.name))?;
            if tool.name == "kube" { link_kubectl(folder) } else { Ok(()) }
        }),
        Source::Cargo { package, version } => build(tool, |folder| {
            Cmd::new("cargo")
                .args(["install", "--quiet", "--locked", "--version", version, package, "--root"])
                .arg(folder)
                // Beside the tool, so that what it is built of goes with it and nothing of it is kept.
                .env("CARGO_TARGET_DIR", folder.join("target"))
                .run()?;
            remove_if_there(&folder.join("target"))
        }),
        Source::Python { packages } => build(tool, |folder| {
            // No virtual environment, whose files name the folder that they were made in and so cannot be moved.
            Cmd::new("python3")
                .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target"])
                .arg(folder)
                .args(*packages)
                .env("PIP_ROOT_USER_ACTION", "ignore")
                .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
                .run()
                .map(drop)
        }),
        Source::Debian { .. } => Ok(()),
        Source::ByHand { how } => bail!("{}: {how}", tool.name),
    }
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

fn build_from_module(module: &str, package: &str, output: &Path) -> Result<()> {
    let (major, minor) = major_and_minor(KUBERNETES_VERSION);
    let version = "-X k8s.io/component-base/version.git";
    let flags = format!(
        "-ldflags=-s -w {version}Version=v{KUBERNETES_VERSION} {version}Major={major} {version}Minor={minor}"
    );
    go().args(["build", "-trimpath", "-buildvcs=false", "-tags=providerless", &flags, "-o"])
        .arg(output)
        .arg(package)
        .directory(workspace::go_module().join(module))
        .run()
        .map(drop)
}

/// Static binaries: two of them are the only file of an image.
fn go() -> Cmd {
    Cmd::new("go").env("CGO_ENABLED", "0")
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
