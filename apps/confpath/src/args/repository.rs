//! Flags of `init` and `generate`, which work on a repository.

use std::path::PathBuf;

use clap::ValueEnum;

use super::output::Output;
use crate::project::FILE_NAME;

/// The service, as far as it is known. On a terminal the rest is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// Name of the service, as Kubernetes takes it
    pub(crate) name: String,
    /// Folder of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Image of the service, without its tag; its name by default
    #[arg(long, value_name = "NAME")]
    pub(crate) image: Option<String>,
    /// Port that the service listens on; 8080 by default
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Language of a typed reader; none by default
    #[arg(long, value_enum)]
    pub(crate) language: Option<Language>,
    /// Image with confpath, for a workflow of GitHub Actions; no workflow by default
    #[arg(long = "confpath-image", value_name = "IMAGE")]
    pub(crate) tool: Option<String>,
}

/// A language with a typed reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Python,
    Typescript,
    Go,
    Java,
}

/// The description of the repository, and what to do.
#[derive(Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    /// The description of the repository
    #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
    pub(crate) project: PathBuf,
    /// Write nothing: exit 1 if a file differs
    #[arg(long)]
    pub(crate) check: bool,
    /// Form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}
