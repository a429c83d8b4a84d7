//! Flags of `install`.

use std::path::PathBuf;

/// The destination of the program.
#[derive(Debug, clap::Args)]
pub(crate) struct InstallArgs {
    /// Folder, which must exist; the program becomes DIR/confpath
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
}
