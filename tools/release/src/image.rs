//! The container images `PROGRAM:<version>`: the last stage of each program's Dockerfile, around a binary that cargo built on this
//! machine.
//!
//! Data flows one way: [`binary`], [`sbom`] and [`artifact`] make what goes in, [`builder`] builds and saves, [`size`] reads
//! what came out.

pub mod artifact;
pub mod binary;
mod builder;
pub mod commit;
pub mod content;
mod elf;
mod inputs;
mod sbom;
mod size;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kit::tools::{self, Use};
use kit::{ui, workspace};

use artifact::Artifact;
use builder::{Build, Builder};
use commit::Commit;
use inputs::Record;
pub use size::{Size, megabytes};

use crate::program::Program;

/// The workspace's version, which this crate shares.
const VERSION: &str = workspace::VERSION;

/// Options of an image build.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Options {
    /// Install tools that are missing
    #[arg(long)]
    pub install: bool,
    /// Build the image even if nothing it is made of has changed
    #[arg(long)]
    pub rebuild: bool,
}

/// The image as a file that minikube, kind, containerd and Docker can load.
pub struct Archive {
    /// In the format of `docker save`.
    pub path: PathBuf,
}

/// The task `image`: the service's image under its name in the builder's store, and its size; with `output` also as a file.
///
/// # Errors
/// Nothing here builds images, or the build fails.
pub fn run(output: Option<&Path>, options: &Options) -> Result<()> {
    let archive = archive(Program::Myapp, options)?;
    if let Some(output) = output {
        fs::copy(&archive.path, output).with_context(|| format!("cannot write {}", output.display()))?;
        ui::say(format!("wrote {}", output.display()));
    }
    let size = archive.size()?;
    let [compressed, uncompressed] = [size.compressed, size.uncompressed].map(megabytes);
    ui::say(format!("{}: {compressed} compressed, {uncompressed} uncompressed", name(Program::Myapp)));
    Ok(())
}

/// Lays out what the service's image is made of below `folder`, which is replaced: what the Dockerfile's own build stage does.
///
/// # Errors
/// The build fails.
pub fn stage(folder: &Path) -> Result<()> {
    Artifact::make(Program::Myapp, Commit::checked_out().as_ref())?.write(folder)
}

/// The image's archive, and what is in it.
///
/// # Errors
/// The build fails, or this is no Linux.
pub fn release(program: Program, options: &Options, commit: &Commit) -> Result<(Archive, Artifact)> {
    tools::require(&[Use::Image], options.install)?;
    let artifact = Artifact::make(program, Some(commit))?;
    Ok((around(program, &artifact, options, Some(commit))?, artifact))
}

/// The image's archive, built anew only when something it is made of has changed.
///
/// # Errors
/// Nothing here builds images, or the build fails.
pub fn archive(program: Program, options: &Options) -> Result<Archive> {
    if cfg!(target_os = "linux") {
        tools::require(&[Use::Image], options.install)?;
    }
    // Elsewhere cargo cannot link for Linux; the Dockerfile's own build stage does it inside the builder, whose cache
    // knows better than we whether anything has changed.
    let commit = Commit::checked_out();
    if !cfg!(target_os = "linux") {
        let archive = Archive::of_this_checkout(program);
        fs::create_dir_all(folder())?;
        build(program, &archive, None, commit.as_ref())?;
        return Ok(archive);
    }
    around(program, &Artifact::make(program, commit.as_ref())?, options, commit.as_ref())
}

/// The image around `artifact`, as old as `commit`.
fn around(
    program: Program,
    artifact: &Artifact,
    options: &Options,
    commit: Option<&Commit>,
) -> Result<Archive> {
    let (name, archive) = (name(program), Archive::of_this_checkout(program));
    let record = Record::of(&workspace::root().join(program.dockerfile()), artifact, &archive.path)?;
    let current = archive.path.is_file() && record.is_current() && Builder::find()?.id_of(&name).is_some();
    if current && !options.rebuild {
        ui::say(format!("{name} is current"));
        return Ok(archive);
    }
    let staged = folder().join(format!("{}-artifact", program.name()));
    artifact.write(&staged.join("image"))?;
    build(program, &archive, Some(&staged), commit)?;
    record.write()?;
    Ok(archive)
}

impl Archive {
    fn of_this_checkout(program: Program) -> Self {
        Self { path: folder().join(format!("{}-{VERSION}.tar", program.name())) }
    }

    /// Differs when anything in the image does.
    ///
    /// # Errors
    /// The file is no image.
    pub fn id(&self) -> Result<String> {
        size::id(&self.path)
    }

    pub fn size(&self) -> Result<Size> {
        size::of(&self.path)
    }
}

fn folder() -> PathBuf {
    workspace::root().join("target/image")
}

/// The image's name in builders' stores and on nodes, with the tag. The service's is the one that the chart asks for, whose
/// `appVersion` is the workspace's version.
pub fn name(program: Program) -> String {
    format!("{}:{VERSION}", program.name())
}

fn build(
    program: Program,
    archive: &Archive,
    artifact: Option<&Path>,
    commit: Option<&Commit>,
) -> Result<()> {
    let _alone = Alone::wait()?;
    let builder = Builder::find()?;
    let dockerfile = workspace::root().join(program.dockerfile());
    let name = name(program);
    let replaced = builder.id_of(&name);
    let build = Build { name: &name, dockerfile: &dockerfile, artifact, commit };
    builder.build(&build)?;
    builder.save(&name, &archive.path)?;
    // A name that moves on leaves the image it had behind, without a name.
    if let Some(id) = replaced.filter(|id| builder.id_of(&name).as_ref() != Some(id)) {
        builder.remove(&id);
    }
    Ok(())
}

/// Held from the build of an image until it is saved: all checkouts of a user build under one name in one store, and each would
/// save what another has just built.
struct Alone {
    _lock: File,
}

impl Alone {
    fn wait() -> Result<Self> {
        let path = tools::cache_folder().join("image.lock");
        let lock = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(&path));
        let lock = lock.with_context(|| format!("cannot write {}", path.display()))?;
        if lock.try_lock().is_err() {
            ui::say("another run is building an image; waiting for it");
            lock.lock()?;
        }
        Ok(Self { _lock: lock })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dockerfile(program: Program) -> String {
        fs::read_to_string(workspace::root().join(program.dockerfile())).unwrap()
    }

    #[test]
    fn the_label_carries_the_version_of_the_workspace() {
        for program in Program::ALL {
            let label = format!("org.opencontainers.image.version=\"{VERSION}\"");
            assert!(dockerfile(program).contains(&label), "{}", program.name());
        }
    }

    #[test]
    fn the_build_stage_uses_the_pinned_toolchain() {
        let toolchain = fs::read_to_string(workspace::root().join("rust-toolchain.toml")).unwrap();
        let channel =
            toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
        let base = format!("FROM docker.io/library/rust:{channel}-slim-bookworm AS build");
        assert!(dockerfile(Program::Myapp).contains(&base));
    }
}
