//! The archive of `confpath` for people and pipelines: binary, man pages, completions and licence in the shape of `/usr/local`, the
//! same bytes for the same binary; and its sum as `sha256sum --check` reads it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::{Compression, GzBuilder};
use kit::process::Cmd;
use kit::{oci, ui, workspace};

use super::layout;
use crate::image::binary;
use crate::program::Program;

const PROGRAM: Program = Program::Confpath;
/// Files of the repository that come with every copy.
const LEGAL: [&str; 2] = ["LICENSE", "NOTICE"];

/// The name of the archive; that of the sum has `.sha256` at its end.
pub(super) fn name(version: &str, system: &str, architecture: &str) -> String {
    format!("{}-{version}-{system}-{architecture}.tar.gz", PROGRAM.name())
}

/// Builds the binary for this machine and writes archive and sum to `output`.
///
/// # Errors
/// A build fails, or the folder cannot be written.
pub(super) fn run(output: &Path) -> Result<()> {
    let binary = binary::build(PROGRAM)?;
    let binary = fs::read(&binary).with_context(|| format!("cannot read {}", binary.display()))?;
    fs::create_dir_all(output).with_context(|| format!("cannot create {}", output.display()))?;
    write(output, &binary)
}

/// Writes archive and sum around a binary that was built on this machine.
///
/// # Errors
/// The manual cannot be built, or the folder cannot be written.
pub(super) fn write(output: &Path, binary: &[u8]) -> Result<()> {
    let name = name(workspace::VERSION, system(), oci::architecture());
    let mut files = vec![(format!("bin/{}", PROGRAM.name()), 0o755, binary.to_vec())];
    let pages = manual(output, PROGRAM)?;
    files.extend(layout::files(&pages)?.into_iter().map(|(path, content)| (path, 0o644, content)));
    fs::remove_dir_all(&pages).with_context(|| format!("cannot remove {}", pages.display()))?;
    for file in LEGAL {
        let text = fs::read(workspace::root().join(file)).with_context(|| format!("cannot read {file}"))?;
        files.push((format!("share/doc/{}/{file}", PROGRAM.name()), 0o644, text));
    }
    files.sort();
    let content = packed(&files)?;
    let hash = oci::digest(&content);
    let sum = format!("{}  {name}\n", hash.trim_start_matches("sha256:"));
    for (name, content) in [(name.clone(), content), (format!("{name}.sha256"), sum.into_bytes())] {
        let path = output.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    ui::say(format!("{hash}  {}", output.join(name).display()));
    Ok(())
}

/// The manual of a program in a new folder below `output`.
///
/// # Errors
/// It cannot be built or written.
pub(super) fn manual(output: &Path, program: Program) -> Result<PathBuf> {
    let folder = output.join("manual");
    let writer = binary::build_manual(program)?;
    fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Cmd::new(writer).arg(&folder).run()?;
    Ok(folder)
}

/// The system's name in the names of archives.
fn system() -> &'static str {
    if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS }
}

fn packed(files: &[(String, u32, Vec<u8>)]) -> Result<Vec<u8>> {
    // Without the time and the name of a file, which the header has room for.
    let compressed = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut tar = tar::Builder::new(compressed);
    for (path, mode, content) in files {
        oci::append(&mut tar, path, *mode, content)?;
    }
    Ok(tar.into_inner()?.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn archive_has_modes_and_no_times() {
        let files =
            [("bin/x".to_owned(), 0o755, b"x".to_vec()), ("share/y".to_owned(), 0o644, b"y".to_vec())];
        let archive = packed(&files).unwrap();
        let mut tar = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(archive.as_slice());
        decoder.read_to_end(&mut tar).unwrap();
        assert_eq!(decoder.header().unwrap().mtime(), 0);
        let mut tar = tar::Archive::new(tar.as_slice());
        let found = tar.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.mtime().unwrap(), header.uid().unwrap()), (0, 0));
            (entry.path().unwrap().to_str().unwrap().to_owned(), header.mode().unwrap())
        });
        assert_eq!(found.collect::<Vec<_>>(), [("bin/x".to_owned(), 0o755), ("share/y".to_owned(), 0o644)]);
    }
}
