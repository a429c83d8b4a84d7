//! One process of the provider of AWS for all mocked tests.
//!
//! Terraform starts a provider anew for each provider block of each walk of each run, and compares the file's checksum once a call:
//! most of the processors' time of these tests. A mocked provider is asked for its schema and for the verdict on a configuration
//! only, and is never configured, so that no run can see what another has asked. The process is the one that debuggers attach to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use kit::process::Cmd;
use kit::wait;

use super::copy::Copy;

/// Below the folder that `terraform init` fills: address, and then version and platform.
const FOLDER: &str = "registry.terraform.io/hashicorp/aws";
const EXECUTABLE: &str = "terraform-provider-aws_";

/// Names a process to Terraform, in place of one that it would start.
const REATTACH: &str = "TF_REATTACH_PROVIDERS";
const START_TIMEOUT: Duration = Duration::from_secs(300);

/// A running provider, ended when dropped.
pub(super) struct SharedProvider {
    process: Child,
    /// Value of the variable [`REATTACH`].
    address: String,
}

impl SharedProvider {
    /// Starts the provider in `providers`, and returns once it listens.
    ///
    /// # Errors
    /// When there is not one provider of AWS in the folder, or it does not start.
    pub(super) fn start(copy: &Copy, providers: &Path) -> Result<Self> {
        let log = copy.folder().join("shared-provider.log");
        let provider = Cmd::new(executable(providers)?).arg("-debug").env("TMPDIR", copy.folder());
        let mut shared = Self { process: provider.daemon(&log)?, address: String::new() };
        shared.address = wait::until("the provider of AWS", START_TIMEOUT, || {
            let printed = fs::read_to_string(&log).unwrap_or_default();
            match (address_in(&printed), shared.process.try_wait()?) {
                (Some(address), None) => Ok(Some(address.to_owned())),
                (None, None) => Ok(None),
                (_, Some(status)) => bail!("the provider of AWS ended ({status}): {}", printed.trim()),
            }
        })?;
        Ok(shared)
    }

    /// A call of Terraform that attaches to this process.
    pub(super) fn attach(&self, terraform: Cmd) -> Cmd {
        terraform.env(REATTACH, &self.address)
    }
}

impl Drop for SharedProvider {
    fn drop(&mut self) {
        // It may have ended by itself, which is just as good.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The roots accept one exact version, so there is one file.
fn executable(providers: &Path) -> Result<PathBuf> {
    let entries = |folder: PathBuf| -> Result<Vec<PathBuf>> {
        let read = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        Ok(read.flatten().map(|entry| entry.path()).collect())
    };
    let mut found = Vec::new();
    for version in entries(providers.join(FOLDER))? {
        for platform in entries(version)? {
            found.extend(entries(platform)?.into_iter().filter(|path| is_executable(path)));
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        _ => bail!("not one provider of AWS in {}: {found:?}", providers.display()),
    }
}

fn is_executable(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(EXECUTABLE))
}

/// The address in what a provider prints once it listens: `TF_REATTACH_PROVIDERS='{…}'`.
fn address_in(printed: &str) -> Option<&str> {
    let (_, rest) = printed.split_once(&format!("{REATTACH}='"))?;
    rest.split_once('\'').map(|(address, _)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_read_once_it_is_whole() {
        let printed = "Provider started. To attach Terraform CLI, set the TF_REATTACH_PROVIDERS environment variable with \
                       the following:\n\n\tTF_REATTACH_PROVIDERS='{\"hashicorp/aws\":{\"Pid\":7}}'\n";
        assert_eq!(address_in(printed), Some(r#"{"hashicorp/aws":{"Pid":7}}"#));
        let (begun, _) = printed.split_once("}}'").unwrap();
        assert_eq!(address_in(begun), None);
    }
}
