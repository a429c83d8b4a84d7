//! The content of an image, as the folder that takes the place of the Dockerfile's stage `build`.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kit::tools::CERTIFICATES;
use kit::workspace;

use super::commit::Commit;
use super::{binary, sbom};
use crate::program::Program;

/// The contract of the service in this repository, and in its image.
pub const CONTRACT: &str = "apps/myapp/contract.json";
const CONTRACT_IN_IMAGE: &str = "contract.json";

/// Everything an image is made of besides the Dockerfile.
pub struct Artifact {
    program: Program,
    pub binary: Vec<u8>,
    /// The list of the image's components, in CycloneDX.
    pub sbom: Vec<u8>,
    /// The other files of the service's image, by their paths in it.
    others: Vec<(&'static str, Vec<u8>)>,
}

/// A file of the image's root.
pub(super) struct File<'a> {
    pub(super) path: String,
    pub(super) content: &'a [u8],
    mode: u32,
}

impl Artifact {
    /// Builds what has to be built.
    ///
    /// # Errors
    /// The build fails, or this machine has no certificates.
    pub(super) fn make(program: Program, commit: Option<&Commit>) -> Result<Self> {
        let binary = binary::build(program)?;
        let others = match program {
            Program::Myapp => {
                let contract = fs::read(workspace::root().join(CONTRACT));
                vec![
                    (CONTRACT_IN_IMAGE, contract.with_context(|| format!("cannot read {CONTRACT}"))?),
                    ("etc/ssl/certs/ca-certificates.crt", bundle(Path::new(CERTIFICATES))?),
                ]
            }
            Program::Confpath => Vec::new(),
        };
        Ok(Self {
            program,
            binary: fs::read(&binary).with_context(|| format!("cannot read {}", binary.display()))?,
            sbom: sbom::sbom(program, commit)?,
            others,
        })
    }

    /// The files of the image.
    pub(super) fn files(&self) -> Vec<File<'_>> {
        let name = self.program.name();
        let file = |path: String, content, mode| File { path, content, mode };
        let mut files = vec![file(name.to_owned(), self.binary.as_slice(), 0o755)];
        if self.program == Program::Myapp {
            files.push(file(format!("usr/share/sbom/{name}.cdx.json"), &self.sbom, 0o644));
        }
        files.extend(self.others.iter().map(|(path, content)| file((*path).to_owned(), content, 0o644)));
        files
    }

    /// Lays it out below `folder`, which it replaces. Modes are set whatever the caller's umask is, since the image
    /// keeps them.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        let root = folder.join("root");
        let files = self.files();
        let mut paths: Vec<&Path> = files.iter().map(|file| Path::new(&file.path)).collect();
        if self.program == Program::Myapp {
            paths.push(Path::new("var/lib/myapp"));
            directory(&folder.join("data/myapp"))?;
        }
        // Sorted, so that each comes after the one that it is in.
        let folders: BTreeSet<&Path> = paths.into_iter().flat_map(|path| path.ancestors().skip(1)).collect();
        folders.into_iter().try_for_each(|below| directory(&root.join(below)))?;
        files.iter().try_for_each(|file| write_file(&root.join(&file.path), file.content, file.mode))
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

fn write_file(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    set_mode(path, mode)
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .with_context(|| format!("cannot set {}", path.display()))
}
