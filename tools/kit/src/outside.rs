//! The only folder outside the repository that a task looks at, and only where it exists: `../shared/terraform-offline`.

use std::ffi::OsString;
use std::path::Path;

use crate::process::{self, Cmd};
use crate::workspace;

/// A program that prints the path of a configuration with which Terraform needs no network for its providers.
const SETUP: &str = "../shared/terraform-offline/setup";
/// Terraform's own variable for that configuration.
const VARIABLE: &str = "TF_CLI_CONFIG_FILE";

/// Gives Terraform's providers to all programs that are started from now on. Returns the line that announces it, or nothing where
/// the folder does not exist. The folder wins over a configuration of the caller: a machine's default may name no provider at all,
/// or a file that does not exist, and the tier would then be skipped in spite of the folder.
pub fn use_terraform_providers() -> Option<String> {
    use_setup(workspace::root(), SETUP)
}

fn use_setup(root: &Path, setup: &str) -> Option<String> {
    if !root.join(setup).is_file() {
        return None;
    }
    let folder = setup.rsplit_once('/').map_or(setup, |(folder, _)| folder);
    match Cmd::new(root.join(setup)).run() {
        Ok(printed) => {
            process::give_to_all(VARIABLE, OsString::from(printed.trim_end()));
            Some(format!("Terraform's providers came from {folder}"))
        }
        Err(error) => Some(format!("Terraform's providers could not be taken from {folder}: {error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_folder_is_not_mentioned() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(use_setup(root.path(), "folder/setup"), None);
    }

    #[test]
    fn failed_setup_is_announced() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("folder")).unwrap();
        std::fs::write(root.path().join("folder/setup"), "").unwrap();
        let line = use_setup(root.path(), "folder/setup").unwrap();
        assert!(line.starts_with("Terraform's providers could not be taken from folder: "), "{line}");
    }
}
