//! The container image `myapp:<version>`: the last stage of the service's Dockerfile, around a binary that cargo
//! built on this machine.
//!
//! Data flows one way: [`binary`] and [`artifact`] make what goes in, [`builder`] builds and saves, [`size`] reads
//! what came out.

mod artifact;
pub(crate) mod binary;
mod builder;
pub(crate) mod content;
mod elf;
mod inputs;
mod size;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use artifact::Artifact;
use builder::{Build, Builder};
use inputs::Record;
pub(crate) use size::{Size, megabytes};

use crate::tools::{self, Use};
use crate::{ui, workspace};

/// The workspace's version, which this crate shares.
const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(crate) const DOCKERFILE: &str = "apps/myapp/Dockerfile";

/// How a task wants the image.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Install tools that are missing
    #[arg(long)]
    pub(crate) install: bool,
    /// Build the image even if nothing it is made of has changed
    #[arg(long)]
    pub(crate) rebuild: bool,
}

/// The image as a file that minikube, kind, containerd and Docker can load.
pub(crate) struct Archive {
    /// In the format of `docker save`.
    pub(crate) path: PathBuf,
}

/// The task `image`: the image under its name in the builder's store, and its size; with `output` also as a file.
///
/// # Errors
/// Nothing here builds images, or the build fails.
pub(crate) fn run(output: Option<&Path>, options: &Options) -> Result<()> {
    let archive = archive(options)?;
    if let Some(output) = output {
        fs::copy(&archive.path, output).with_context(|| format!("cannot write {}", output.display()))?;
        ui::say(format!("wrote {}", output.display()));
    }
    let size = archive.size()?;
    let [compressed, uncompressed] = [size.compressed, size.uncompressed].map(megabytes);
    ui::say(format!("{}: {compressed} compressed, {uncompressed} uncompressed", name()));
    Ok(())
}

/// The image's archive, built anew only when something it is made of has changed.
///
/// # Errors
/// Nothing here builds images, or the build fails.
pub(crate) fn archive(options: &Options) -> Result<Archive> {
    if cfg!(target_os = "linux") {
        tools::require(&[Use::Image], options.install)?;
    }
    let builder = Builder::find()?;
    let folder = workspace::root().join("target/image");
    let archive = Archive { path: folder.join(format!("myapp-{VERSION}.tar")) };
    // Elsewhere cargo cannot link for Linux; the Dockerfile's own build stage does it inside the builder, whose cache
    // knows better than we whether anything has changed.
    if !cfg!(target_os = "linux") {
        fs::create_dir_all(&folder)?;
        build(builder, &archive, None)?;
        return Ok(archive);
    }
    let artifact = Artifact::new(&binary::build()?)?;
    let record = Record::of(&workspace::root().join(DOCKERFILE), &artifact, &archive.path)?;
    let current = archive.path.is_file() && record.is_current() && builder.id_of(&name()).is_some();
    if current && !options.rebuild {
        ui::say(format!("{} is current", name()));
        return Ok(archive);
    }
    let staged = folder.join("artifact");
    artifact.write(&staged)?;
    build(builder, &archive, Some(&staged))?;
    record.write()?;
    Ok(archive)
}

impl Archive {
    /// Differs when anything in the image does.
    ///
    /// # Errors
    /// The file is no image.
    pub(crate) fn id(&self) -> Result<String> {
        size::id(&self.path)
    }

    pub(crate) fn size(&self) -> Result<Size> {
        size::of(&self.path)
    }
}

/// The name the chart asks for: its `appVersion` is the workspace's version.
fn name() -> String {
    format!("myapp:{VERSION}")
}

fn build(builder: Builder, archive: &Archive, artifact: Option<&Path>) -> Result<()> {
    let dockerfile = workspace::root().join(DOCKERFILE);
    let name = name();
    let replaced = builder.id_of(&name);
    let build = Build { name: &name, dockerfile: &dockerfile, artifact, created: committed_at() };
    builder.build(&build)?;
    builder.save(&name, &archive.path)?;
    // A name that moves on leaves the image it had behind, without a name.
    if let Some(id) = replaced.filter(|id| builder.id_of(&name).as_ref() != Some(id)) {
        builder.remove(&id);
    }
    Ok(())
}

/// In seconds since 1970: with it as the time of everything in it, the same commit is the same image.
fn committed_at() -> u64 {
    let git =
        crate::process::Cmd::new("git").directory(workspace::root()).args(["log", "-1", "--format=%ct"]);
    git.ask().ok().and_then(|seconds| seconds.trim().parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dockerfile() -> String {
        fs::read_to_string(workspace::root().join(DOCKERFILE)).unwrap()
    }

    #[test]
    fn the_label_carries_the_version_of_the_workspace() {
        assert!(dockerfile().contains(&format!("org.opencontainers.image.version=\"{VERSION}\"")));
    }

    #[test]
    fn the_build_stage_uses_the_pinned_toolchain() {
        let toolchain = fs::read_to_string(workspace::root().join("rust-toolchain.toml")).unwrap();
        let channel =
            toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
        assert!(
            dockerfile().contains(&format!("FROM docker.io/library/rust:{channel}-slim-bookworm AS build"))
        );
    }

    #[test]
    fn every_target_that_is_built_here_is_built_by_the_dockerfile_too() {
        for target in binary::TARGETS {
            assert!(dockerfile().contains(target.triple), "{}", target.triple);
        }
    }
}
