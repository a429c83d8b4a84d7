//! The content of the image, as the folder that takes the place of the Dockerfile's stage `build`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kit::tools::CERTIFICATES;

use super::commit::Commit;
use super::{binary, sbom};

/// Everything the image is made of besides the Dockerfile.
pub struct Artifact {
    pub binary: Vec<u8>,
    /// In PEM, one after the other.
    pub(super) certificates: Vec<u8>,
    /// The list of the image's components, in CycloneDX.
    pub sbom: Vec<u8>,
}

impl Artifact {
    /// Builds what has to be built.
    ///
    /// # Errors
    /// The build fails, or this machine has no certificates.
    pub(super) fn make(commit: Option<&Commit>) -> Result<Self> {
        let binary = binary::build()?;
        Ok(Self {
            binary: fs::read(&binary).with_context(|| format!("cannot read {}", binary.display()))?,
            certificates: bundle(Path::new(CERTIFICATES))?,
            sbom: sbom::sbom(commit)?,
        })
    }

    /// Lays it out below `folder`, which it replaces. Modes are set whatever the caller's umask is, since the image
    /// keeps them.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        let root = folder.join("root");
        for below in
            ["", "etc", "etc/ssl", "etc/ssl/certs", "usr", "usr/share", "usr/share/sbom", "var", "var/lib"]
        {
            directory(&root.join(below))?;
        }
        directory(&folder.join("data/myapp"))?;
        file(&root.join("myapp"), &self.binary, 0o755)?;
        file(&root.join("usr/share/sbom/myapp.cdx.json"), &self.sbom, 0o644)?;
        file(&root.join("etc/ssl/certs/ca-certificates.crt"), &self.certificates, 0o644)
    }
}

/// All certificates of a folder in the order of their names, each on lines of its own.
fn bundle(folder: &Path) -> Result<Vec<u8>> {
    let entries = fs::read_dir(folder).with_context(|| format!("no certificates in {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "crt"));
    files.sort();
    let mut bundle = Vec::new();
    for file in files {
        bundle.extend(fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        if bundle.last() != Some(&b'\n') {
            bundle.push(b'\n');
        }
    }
    Ok(bundle)
}

fn directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
    set_mode(path, 0o755)
}

fn file(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    set_mode(path, mode)
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .with_context(|| format!("cannot set {}", path.display()))
}
