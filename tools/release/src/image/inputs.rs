//! Freshness of an archive, by a digest of its inputs stored beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::artifact::Artifact;

/// The digest of an archive's inputs.
pub(super) struct Record {
    path: PathBuf,
    digest: String,
}

impl Record {
    pub(super) fn of(dockerfile: &Path, artifact: &Artifact, archive: &Path) -> Result<Self> {
        let dockerfile =
            fs::read(dockerfile).with_context(|| format!("cannot read {}", dockerfile.display()))?;
        // The list of contents, which not every image holds, has the time of the commit, and so has every image.
        let files = artifact.files();
        let files = files.iter().flat_map(|file| [file.path.as_bytes(), file.content]);
        let digest = digest([dockerfile.as_slice(), &artifact.sbom].into_iter().chain(files));
        Ok(Self { path: archive.with_extension("inputs"), digest })
    }

    /// Returns true if the archive was made from these inputs.
    pub(super) fn is_current(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|recorded| recorded == self.digest)
    }

    /// Says that it now is.
    pub(super) fn write(&self) -> Result<()> {
        fs::write(&self.path, &self.digest).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Hashes the digest of each input, so that moving a byte from one to the next changes the result.
fn digest<'a>(inputs: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut all = Sha256::new();
    for input in inputs {
        all.update(Sha256::digest(input));
    }
    all.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_change_of_any_input_is_another_digest() {
        let digests = [b"abcd", b"xbcd", b"axcd", b"abxd", b"abcx"]
            .map(|inputs: &[u8; 4]| digest([0, 1, 2, 3].map(|at| &inputs[at..=at])));
        assert!(digests.iter().skip(1).all(|other| *other != digests[0]));
    }

    #[test]
    fn the_same_bytes_cut_elsewhere_are_another_digest() {
        let cut = |inputs: [&'static [u8]; 2]| digest(inputs);
        assert_ne!(cut([b"ab", b"c"]), cut([b"a", b"bc"]));
    }
}
