//! A saved plan and what goes with it, in a folder that may be carried to another machine.
//!
//! Terraform puts into a plan the whole configuration and every value it has read, so it is encrypted for the one who applies it: by a
//! public key, so that the machine that plans holds no key that opens it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::program::Program;

const PLAN: &str = "plan.tfplan";
const ENCRYPTED: &str = "plan.tfplan.age";
/// Checksums of the providers that made the plan. Terraform refuses a plan made with others, which a second `init` could choose.
const LOCK: &str = "terraform.lock.hcl";
/// For one user only.
const FOLDER_MODE: u32 = 0o700;
const LOCK_IN_ENV: &str = ".terraform.lock.hcl";

/// The folder.
pub(super) struct Saved {
    folder: PathBuf,
}

impl Saved {
    /// Makes the folder, for this user only, and takes away what an earlier plan has left in it.
    pub(super) fn create(folder: PathBuf) -> Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let saved = Self { folder };
        for name in [PLAN, ENCRYPTED, LOCK] {
            remove(&saved.folder.join(name))?;
        }
        Ok(saved)
    }

    pub(super) fn open(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn plan(&self) -> PathBuf {
        self.folder.join(PLAN)
    }

    /// The SHA-256 of the plan, in hexadecimal digits: what a person approves.
    pub(super) fn checksum(&self) -> Result<String> {
        let plan = self.plan();
        let content = fs::read(&plan).with_context(|| format!("cannot read {}", plan.display()))?;
        Ok(Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) fn keep_lock_of(&self, env: &Path) -> Result<()> {
        copy_if_there(&env.join(LOCK_IN_ENV), &self.folder.join(LOCK))
    }

    pub(super) fn give_lock_to(&self, env: &Path) -> Result<()> {
        copy_if_there(&self.folder.join(LOCK), &env.join(LOCK_IN_ENV))
    }

    /// Leaves the plan in a form that only the holder of the key to `recipient` can read.
    ///
    /// # Errors
    /// It is no public key of age.
    pub(super) fn encrypt(&self, recipient: &str) -> Result<PathBuf> {
        let encrypted = self.folder.join(ENCRYPTED);
        let age = Program::new("age").args(["--encrypt", "--recipient", recipient, "--output"]);
        let outcome = age.arg(&encrypted).arg(self.plan()).run();
        self.forget()?;
        outcome.map(|_| encrypted)
    }

    /// Brings the plan back where it was encrypted, with the key that the environment holds.
    ///
    /// # Errors
    /// There is no plan, no key, or another one's.
    pub(super) fn decrypt(&self, identity: Option<String>) -> Result<()> {
        let encrypted = self.folder.join(ENCRYPTED);
        if !encrypted.exists() {
            return if self.plan().exists() {
                Ok(())
            } else {
                bail!("there is no plan in {}", self.folder.display())
            };
        }
        let Some(identity) = identity.filter(|identity| !identity.is_empty()) else {
            bail!("the plan is encrypted: PLAN_IDENTITY must hold the key that opens it (AGE-SECRET-KEY-…)");
        };
        // A folder that was carried here may be open to all.
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(FOLDER_MODE))
            .with_context(|| format!("cannot close {} to others", self.folder.display()))?;
        // By a pipe: a file, even a short-lived one, is one more place to look after.
        let age = Program::new("age")
            .args(["--decrypt", "--identity", "-", "--output"])
            .without_env(super::plan_key::IDENTITY);
        age.arg(self.plan()).arg(&encrypted).input(identity).run().map(drop)
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.folder.join(ENCRYPTED).exists()
    }

    /// Takes the readable plan away.
    pub(super) fn forget(&self) -> Result<()> {
        remove(&self.plan())
    }
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

fn copy_if_there(from: &Path, to: &Path) -> Result<()> {
    if from.exists() {
        fs::copy(from, to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}
