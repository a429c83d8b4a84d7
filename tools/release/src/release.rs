//! The task `release`: from a number to what is in a registry. Each step is a command of its own and can be tried by itself; none
//! but `push` sends anything anywhere.
//!
//! Data flows one way: [`bump`] writes the version and [`changelog`], [`build`] makes artifacts and says in [`record`] what they are,
//! [`push`] checks them against it and tells the digests that the registry has. [`archive`] is the tool's for other systems. [`compare`] builds twice.

mod archive;
mod build;
mod bump;
mod changelog;
mod compare;
mod layout;
mod push;
mod record;
mod referrer;
mod registry;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use kit::{ui, workspace};

#[derive(Subcommand)]
pub(crate) enum Step {
    /// Set the version everywhere and date its section of the changelog
    Bump {
        /// Higher than the present one, as in 1.2.3
        version: String,
        /// Also commit, and tag the commit
        #[arg(long)]
        commit: bool,
    },
    /// Print a version's section of the changelog
    Notes { version: String },
    /// Build binaries, images, chart, lists of contents (SBOM) and manuals, the same bytes for the same commit
    Build {
        /// Where to [default: target/release-artifacts]; a folder that holds something else is refused
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
        /// Install tools that are missing
        #[arg(long)]
        install: bool,
    },
    /// Build the checked-out commit in two clones at different paths, and fail where any byte differs
    Compare {
        /// Install tools that are missing
        #[arg(long)]
        install: bool,
    },
    /// Build only the archive of confpath and its checksum, for this machine: Linux or macOS
    Archive {
        /// Folder to write to [default: target/release-archive]
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// Push images and chart to a registry, and print their digests; nothing that is there already is replaced
    Push {
        /// The images go to <PREFIX>/myapp and <PREFIX>/confpath, the chart to <PREFIX>/charts/myapp
        #[arg(long, value_name = "REGISTRY/PREFIX")]
        to: String,
        /// What `build` has made [default: target/release-artifacts]; several, one an architecture, become one image each
        #[arg(long, value_name = "DIR")]
        from: Vec<PathBuf>,
        /// Install tools that are missing
        #[arg(long)]
        install: bool,
    },
}

impl Step {
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Bump { version, commit } => bump::run(version, *commit),
            Self::Notes { version } => {
                ui::say(changelog::notes(&changelog::read()?, version)?);
                Ok(())
            }
            Self::Build { output, install } => {
                build::run(&output.clone().unwrap_or_else(default_output), *install)
            }
            Self::Archive { output } => {
                let otherwise = || workspace::root().join("target/release-archive");
                archive::run(&output.clone().unwrap_or_else(otherwise))
            }
            Self::Compare { install } => compare::run(*install),
            Self::Push { to, from, install } if from.is_empty() => {
                push::run(to, &[default_output()], *install)
            }
            Self::Push { to, from, install } => push::run(to, from, *install),
        }
    }
}

fn default_output() -> PathBuf {
    workspace::root().join("target/release-artifacts")
}
