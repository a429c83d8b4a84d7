//! Each released program as one file that needs nothing of the system it runs on; and programs to compare the service with, built
//! alike.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kit::process::Cmd;
use kit::workspace;

use serde_json::Value;

use super::elf::Elf;
use crate::program::Program;

/// A platform that programs are built for, each on its own machine.
#[derive(Debug)]
pub struct Target {
    /// Operating system and architecture, spelled like [`std::env::consts`].
    system: [&'static str; 2],
    triple: &'static str,
    /// `e_machine` of the ELF specification; other systems have executables of another form.
    machine: Option<u16>,
}

const TARGETS: [Target; 4] = [
    Target { system: ["linux", "x86_64"], triple: "x86_64-unknown-linux-gnu", machine: Some(62) },
    Target { system: ["linux", "aarch64"], triple: "aarch64-unknown-linux-gnu", machine: Some(183) },
    Target { system: ["macos", "x86_64"], triple: "x86_64-apple-darwin", machine: None },
    Target { system: ["macos", "aarch64"], triple: "aarch64-apple-darwin", machine: None },
];

/// A package that cargo compiled for the binary.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compiled {
    /// The package id of `cargo metadata`.
    pub(super) id: String,
    /// Compiled for the target, and so maybe in the binary; else only the build ran it.
    pub(super) is_linked: bool,
}

/// Builds the release binary of a program for this machine and proves that it is static, where the system has such.
///
/// # Errors
/// The build fails, or what it made needs a dynamic loader, which an empty image does not have.
pub fn build(program: Program) -> Result<PathBuf> {
    let target = this_target()?;
    let binary = cargo_build(target, program.profile(), &of(program))?.join(program.name());
    require_static(&fs::read(&binary).with_context(|| format!("cannot read {}", binary.display()))?, target)?;
    Ok(binary)
}

/// Returns the packages in the binary that [`build`] made, by cargo's own account of it.
///
/// # Errors
/// The build fails.
pub(super) fn compiled(program: Program) -> Result<Vec<Compiled>> {
    let target = this_target()?;
    let told =
        cargo(target, program.profile(), &of(program)).args(["--quiet", "--message-format=json"]).ask()?;
    let messages = told.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    Ok(compiled_in(&messages.context("cargo printed messages that are no JSON")?, target.triple))
}

/// Reads cargo's messages: files for a target lie below its folder, files for this machine beside it.
fn compiled_in(messages: &[Value], triple: &str) -> Vec<Compiled> {
    let is_linked = |message: &Value| {
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
        files.into_iter().any(|file| Path::new(file).components().any(|part| part.as_os_str() == triple))
    };
    let artifacts = messages.iter().filter(|message| message["reason"] == "compiler-artifact");
    let compiled = artifacts.filter_map(|message| {
        Some(Compiled { id: message["package_id"].as_str()?.to_owned(), is_linked: is_linked(message) })
    });
    compiled.collect()
}

/// The triple of the binaries that are built here.
///
/// # Errors
/// No program is built for machines like this one.
pub(super) fn triple() -> Result<&'static str> {
    Ok(this_target()?.triple)
}

/// Builds the programs of `package` as [`build`] builds the service, and tells the folder they are in.
///
/// # Errors
/// The build fails.
pub fn build_programs(package: &str) -> Result<PathBuf> {
    cargo_build(this_target()?, Program::Myapp.profile(), &["--package", package, "--bins"])
}

/// Builds the program that writes man pages and completions of `program`. All that both have in common is compiled once, since
/// [`build`] has the same flags, and no other program is in it.
///
/// # Errors
/// The build fails.
pub fn build_manual(program: Program) -> Result<PathBuf> {
    let manual =
        ["--package", "manual", "--bin", "manual", "--no-default-features", "--features", program.name()];
    Ok(cargo_build(this_target()?, program.profile(), &manual)?.join("manual"))
}

fn of(program: Program) -> [&'static str; 4] {
    ["--package", program.name(), "--bin", program.name()]
}

fn this_target() -> Result<&'static Target> {
    let system = [std::env::consts::OS, std::env::consts::ARCH];
    let target = TARGETS.iter().find(|target| target.system == system);
    target.with_context(|| format!("no program is built for {}", system.join(" on ")))
}

/// Tells the folder that cargo puts programs in.
fn cargo_build(target: &Target, profile: &str, what: &[&str]) -> Result<PathBuf> {
    cargo(target, profile, what).run()?;
    Ok(target_folder().join(target.triple).join(profile))
}

fn cargo(target: &Target, profile: &str, what: &[&str]) -> Cmd {
    // The target is named, as otherwise the flags would apply to build scripts and macros too, which must be dynamic.
    Cmd::new("cargo")
        .args(["build", "--profile", profile, "--locked", "--target", target.triple])
        .args(what)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            encoded_flags(target, workspace::root(), &target_folder(), &cargo_home()),
        )
        .directory(workspace::root())
}

/// Flags in the form that a path with a space in it survives, and that the caller's own flags do not replace.
///
/// A package with a level of optimisation of its own loses the profile's `strip` (seen with cargo 1.95), so it is said here.
///
/// Files are named in messages of panics. Under the names given here they are the same in every checkout, so that the
/// binary is too; cargo leaves these flags out of the hashes that order its code.
fn encoded_flags(built: &Target, root: &Path, target: &Path, cargo_home: &Path) -> OsString {
    let mut flags = OsString::from("-Cstrip=symbols");
    if built.machine.is_some() {
        flags.push("\x1f-Ctarget-feature=+crt-static");
    }
    // The last that fits is taken.
    for (folder, name) in [(root, "/src"), (target, "/src/target"), (cargo_home, "/cargo")] {
        flags.push("\x1f--remap-path-prefix=");
        flags.push(folder);
        flags.push(format!("={name}"));
    }
    flags
}

/// The folder with the sources of dependencies.
fn cargo_home() -> PathBuf {
    let from_home = || std::env::home_dir().unwrap_or_default().join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(from_home, PathBuf::from)
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from)
}

fn require_static(binary: &[u8], target: &Target) -> Result<()> {
    let Some(machine) = target.machine else { return Ok(()) };
    let elf = Elf::parse(binary).context("cargo built something that is no ELF file")?;
    if elf.machine != machine {
        bail!("cargo built for machine {}, not for {machine} ({})", elf.machine, target.triple);
    }
    if elf.needs_loader {
        bail!("the binary needs a dynamic loader, which the image has not");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_with_a_space_stays_one_flag() {
        let paths = ["/my code", "/my code/target", "/c"].map(Path::new);
        let flags = encoded_flags(&TARGETS[0], paths[0], paths[1], paths[2]);
        let flags: Vec<_> = flags.to_str().unwrap().split('\x1f').collect();
        assert_eq!(
            flags,
            [
                "-Cstrip=symbols",
                "-Ctarget-feature=+crt-static",
                "--remap-path-prefix=/my code=/src",
                "--remap-path-prefix=/my code/target=/src/target",
                "--remap-path-prefix=/c=/cargo",
            ]
        );
    }

    #[test]
    fn linked_crates_are_told_from_build_crates() {
        let artifact = |id: &str, file: &str| serde_json::json!({ "reason": "compiler-artifact", "package_id": id, "filenames": [file] });
        let messages = [
            artifact("serde", "/t/x86_64-unknown-linux-gnu/release/deps/libserde.rlib"),
            artifact("syn", "/t/release/deps/libsyn.rlib"),
            serde_json::json!({ "reason": "build-finished", "success": true }),
        ];
        let compiled = |id: &str, is_linked| Compiled { id: id.to_owned(), is_linked };
        assert_eq!(
            compiled_in(&messages, "x86_64-unknown-linux-gnu"),
            [compiled("serde", true), compiled("syn", false)]
        );
    }

    #[test]
    fn a_binary_that_needs_a_loader_is_refused() {
        // Tests are linked dynamically, so this test's own file is one.
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        let error = require_static(&this, this_target().unwrap()).unwrap_err().to_string();
        assert!(error.contains("dynamic loader"), "{error}");
    }

    #[test]
    fn a_binary_for_another_machine_is_refused() {
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        let other = |target: &&Target| target.system[1] != std::env::consts::ARCH;
        let target = TARGETS.iter().find(other).unwrap();
        let error = require_static(&this, target).unwrap_err().to_string();
        assert!(error.contains(target.triple), "{error}");
    }
}
