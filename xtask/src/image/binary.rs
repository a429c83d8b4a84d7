//! The service as one file that needs nothing of the system it runs on; and programs to compare it with, built alike.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::elf::Elf;
use crate::process::Cmd;
use crate::workspace;

/// What the image can be built for.
#[derive(Debug)]
pub(crate) struct Target {
    /// As in [`std::env::consts::ARCH`].
    pub(super) architecture: &'static str,
    pub(super) triple: &'static str,
    /// `e_machine` of the ELF specification.
    pub(super) machine: u16,
}

pub(super) const TARGETS: [Target; 2] = [
    Target { architecture: "x86_64", triple: "x86_64-unknown-linux-gnu", machine: 62 },
    Target { architecture: "aarch64", triple: "aarch64-unknown-linux-gnu", machine: 183 },
];

/// Builds the release binary for this machine's architecture and proves that it is static.
///
/// # Errors
/// The build fails, or what it made needs a dynamic loader, which an empty image does not have.
pub(crate) fn build() -> Result<PathBuf> {
    let target = this_target()?;
    let binary = cargo_build(target, &["--package", "myapp", "--bin", "myapp"])?.join("myapp");
    require_static(&fs::read(&binary).with_context(|| format!("cannot read {}", binary.display()))?, target)?;
    Ok(binary)
}

/// Builds examples of `chassis` as [`build`] builds the service, and tells the folder they are in.
///
/// # Errors
/// The build fails.
pub(crate) fn build_examples(names: &[&str]) -> Result<PathBuf> {
    let words: Vec<_> = ["--package", "chassis"]
        .into_iter()
        .chain(names.iter().flat_map(|name| ["--example", name]))
        .collect();
    Ok(cargo_build(this_target()?, &words)?.join("examples"))
}

fn this_target() -> Result<&'static Target> {
    let architecture = std::env::consts::ARCH;
    let target = TARGETS.iter().find(|target| target.architecture == architecture);
    target.with_context(|| format!("no image is made for the architecture {architecture}"))
}

/// Tells the folder that cargo puts programs in.
fn cargo_build(target: &Target, what: &[&str]) -> Result<PathBuf> {
    // The target is named, as otherwise the flag would apply to build scripts and macros too, which must be dynamic.
    Cmd::new("cargo")
        .args(["build", "--release", "--locked", "--target", target.triple])
        .args(what)
        .env(&target.flags_variable(), "-C target-feature=+crt-static")
        .directory(workspace::root())
        .run()?;
    Ok(target_folder().join(target.triple).join("release"))
}

impl Target {
    /// cargo's variable for the flags of one target only.
    fn flags_variable(&self) -> String {
        format!("CARGO_TARGET_{}_RUSTFLAGS", self.triple.to_uppercase().replace('-', "_"))
    }
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from)
}

fn require_static(binary: &[u8], target: &Target) -> Result<()> {
    let elf = Elf::parse(binary).context("cargo built something that is no ELF file")?;
    if elf.machine != target.machine {
        bail!("cargo built for machine {}, not for {} ({})", elf.machine, target.machine, target.triple);
    }
    if elf.needs_loader {
        bail!(
            "the binary needs a dynamic loader, which the image has not; \
             RUSTFLAGS in the environment replaces the flag that links it statically"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_that_links_statically_applies_to_one_target_only() {
        assert_eq!(TARGETS[0].flags_variable(), "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS");
    }

    #[test]
    fn a_binary_that_needs_a_loader_is_refused() {
        // Tests are linked dynamically, so this test's own file is one.
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        let target = TARGETS.iter().find(|target| target.architecture == std::env::consts::ARCH).unwrap();
        let error = require_static(&this, target).unwrap_err().to_string();
        assert!(error.contains("dynamic loader"), "{error}");
    }

    #[test]
    fn a_binary_for_another_machine_is_refused() {
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        let target = TARGETS.iter().find(|target| target.architecture != std::env::consts::ARCH).unwrap();
        let error = require_static(&this, target).unwrap_err().to_string();
        assert!(error.contains(target.triple), "{error}");
    }
}
