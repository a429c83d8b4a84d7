//! Flags of `diff`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

/// Contracts, releases and output of a comparison.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The contract of both images
    #[arg(long, value_name = "FILE", required_unless_present_all = ["old_contract", "new_contract"])]
    contract: Option<PathBuf>,
    /// The contract of the running image, or that image as an OCI layout or archive
    #[arg(long, value_name = "FILE", conflicts_with = "contract", requires = "new_contract")]
    old_contract: Option<PathBuf>,
    /// The contract of the coming image, or that image
    #[arg(long, value_name = "FILE", conflicts_with = "contract", requires = "old_contract")]
    new_contract: Option<PathBuf>,
    /// The running release: YAML or JSON stream of Kubernetes objects, as helm template prints it
    #[arg(long, value_name = "FILE")]
    pub(crate) old: PathBuf,
    /// The coming release
    #[arg(long, value_name = "FILE")]
    pub(crate) new: PathBuf,
    /// Compare the objects of one namespace, and those without one
    #[arg(long, value_name = "NS")]
    pub(crate) namespace: Option<String>,
    /// Form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t = DiffOutput::Text)]
    pub(crate) output: DiffOutput,
}

impl DiffArgs {
    /// The contracts of the running and of the coming image.
    pub(crate) fn contracts(&self) -> Option<(&Path, &Path)> {
        let old = self.old_contract.as_deref().or(self.contract.as_deref())?;
        let new = self.new_contract.as_deref().or(self.contract.as_deref())?;
        Some((old, new))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffOutput {
    /// Tables and sentences
    Text,
    /// One document
    Json,
    /// A comment for a pull request
    Markdown,
}
