//! The programs that can build an image, and how each is asked.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use kit::process::Cmd;
use kit::workspace;

use super::commit::Commit;

/// In the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builder {
    Buildah,
    Podman,
    Docker,
}

/// One build of the Dockerfile.
pub(super) struct Build<'a> {
    pub(super) name: &'a str,
    pub(super) dockerfile: &'a Path,
    /// Stands in for the stage `build`; without it that stage is built too, from the checkout.
    pub(super) artifact: Option<&'a Path>,
    /// Gives its time to everything in the image.
    pub(super) commit: Option<&'a Commit>,
}

impl Builder {
    const ALL: [Self; 3] = [Self::Buildah, Self::Podman, Self::Docker];

    /// # Errors
    /// None of them works here.
    pub(super) fn find() -> Result<Self> {
        Self::ALL.into_iter().find(|builder| builder.works()).context(
            "nothing here builds images: install buildah (`apt-get install buildah`) or podman, \
             or start a Docker engine (23 or newer, with buildx)",
        )
    }

    fn works(self) -> bool {
        // Asks more than the version: for Docker that needs its engine, for the others a usable image store.
        let answers = Cmd::new(self.program()).arg("info").succeeds();
        answers && (self != Self::Docker || Cmd::new("docker").args(["buildx", "version"]).succeeds())
    }

    fn program(self) -> &'static str {
        match self {
            Self::Buildah => "buildah",
            Self::Podman => "podman",
            Self::Docker => "docker",
        }
    }

    pub(super) fn build(self, build: &Build<'_>) -> Result<()> {
        self.build_command(build).run().map(drop)
    }

    /// Writes the image as `docker save` does, whole or not at all, named so that a node finds it by that name.
    pub(super) fn save(self, name: &str, archive: &Path) -> Result<()> {
        let unfinished = archive.with_extension("unfinished");
        // None of them writes over a file that is there.
        if unfinished.exists() {
            fs::remove_file(&unfinished)?;
        }
        let command = Cmd::new(self.program());
        let command = match self {
            // Their `save` would put `localhost/` before the name, which no node looks for.
            Self::Buildah | Self::Podman => command
                .args(["push", "--quiet", name])
                .arg(format!("docker-archive:{}:{name}", unfinished.display())),
            Self::Docker => command.args(["save", "--output"]).arg(&unfinished).arg(name),
        };
        command.run()?;
        fs::rename(&unfinished, archive).with_context(|| format!("cannot write {}", archive.display()))
    }

    /// The id of the image that has the name in this builder's store.
    pub(super) fn id_of(self, name: &str) -> Option<String> {
        let command = Cmd::new(self.program());
        let command = match self {
            Self::Buildah => command.args(["inspect", "--type=image", "--format={{.FromImageID}}"]),
            Self::Podman | Self::Docker => command.args(["image", "inspect", "--format={{.Id}}"]),
        };
        command.arg(name).ask().ok().map(|id| id.trim().to_owned())
    }

    /// Removes an image unless something still uses it.
    pub(super) fn remove(self, id: &str) {
        Cmd::new(self.program()).args(["rmi", id]).succeeds();
    }

    fn build_command(self, build: &Build<'_>) -> Cmd {
        let command =
            Cmd::new(self.program()).args(["build", "--tag", build.name, "--file"]).arg(build.dockerfile);
        let created = build.commit.map(|commit| commit.seconds).unwrap_or_default();
        let command = match self {
            // Layers kept for a later build would stay in the store as images without a name.
            Self::Buildah | Self::Podman => {
                command.arg("--layers=false").arg(format!("--timestamp={created}"))
            }
            Self::Docker => command.env("SOURCE_DATE_EPOCH", created.to_string()),
        };
        match build.artifact {
            // Also the main context: nothing else of this machine is to be read.
            Some(artifact) => {
                command.arg(format!("--build-context=build={}", artifact.display())).arg(artifact)
            }
            None => {
                // Git is not in that stage, nor is the repository.
                let source = build.commit.map(Commit::source).unwrap_or_default();
                command.arg(format!("--build-arg=BUILD_COMMIT={source}")).arg(workspace::root())
            }
        }
    }
}
