//! `release.json`: what a build has made, and of what. A file that is not as it says is not pushed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kit::oci;
use serde_json::{Value, json};

use super::archive;
use crate::image::commit::Commit;
use crate::program::Program;

const FILE: &str = "release.json";

/// The record of a build: the files in its folder, with their digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    folder: PathBuf,
    document: Value,
}

/// The parts of a release, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The service's binary.
    Binary,
    Sbom(Program),
    Image(Program),
    Chart,
    /// The service's contract.
    Contract,
    /// Man pages and shell completions of the service.
    Manual,
    /// The tool's archive.
    Archive,
    /// The archive's sum.
    Sum,
}

impl Part {
    pub(super) const ALL: [Self; 10] = [
        Self::Binary,
        Self::Sbom(Program::Myapp),
        Self::Image(Program::Myapp),
        Self::Chart,
        Self::Contract,
        Self::Manual,
        Self::Archive,
        Self::Sum,
        Self::Sbom(Program::Confpath),
        Self::Image(Program::Confpath),
    ];
    /// Those that are the same for every architecture.
    pub(super) const PORTABLE: [Self; 3] = [Self::Chart, Self::Contract, Self::Manual];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Sbom(Program::Myapp) => "sbom",
            Self::Image(Program::Myapp) => "image",
            Self::Chart => "chart",
            Self::Contract => "contract",
            Self::Manual => "manual",
            Self::Archive => "archive",
            Self::Sum => "sum",
            Self::Sbom(Program::Confpath) => "confpath-sbom",
            Self::Image(Program::Confpath) => "confpath-image",
        }
    }

    /// The part's file.
    pub(super) fn file(self, version: &str, architecture: &str) -> String {
        let platform = |program: Program| format!("{}-{version}-linux-{architecture}", program.name());
        let archive = || archive::name(version, "linux", architecture);
        match self {
            Self::Binary => platform(Program::Myapp),
            Self::Sbom(program) => format!("{}.cdx.json", platform(program)),
            Self::Image(program) => format!("{}.oci.tar", platform(program)),
            Self::Chart => format!("myapp-{version}.tgz"),
            Self::Contract => format!("myapp-{version}-contract.json"),
            Self::Manual => format!("myapp-{version}-manual.tar"),
            Self::Archive => archive(),
            Self::Sum => format!("{}.sha256", archive()),
        }
    }
}

impl Record {
    /// Writes down what `folder` holds.
    pub(super) fn write(folder: &Path, version: &str, commit: &Commit, rustc: &str) -> Result<Self> {
        let mut document = json!({
            "version": version,
            "commit": commit.id,
            "modified": commit.modified,
            "created": commit.time,
            "createdSeconds": commit.seconds,
            "platform": { "os": "linux", "architecture": oci::architecture() },
            "rustc": rustc,
        });
        for part in Part::ALL {
            let file = part.file(version, oci::architecture());
            document[part.name()] = json!({ "file": file, "digest": digest(&folder.join(&file))? });
        }
        let text = format!("{document:#}\n");
        fs::write(folder.join(FILE), text).with_context(|| format!("cannot write {FILE}"))?;
        Ok(Self { folder: folder.to_path_buf(), document })
    }

    /// Reads what a build has written down.
    ///
    /// # Errors
    /// The folder is not from a build.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path);
        let text = text.with_context(|| {
            format!("no {FILE} in {}; make one with `cargo xtask release build`", folder.display())
        })?;
        let document =
            serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
        Ok(Self { folder: folder.to_path_buf(), document })
    }

    pub(super) fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// A sentence for each file that is not what the build made.
    pub(super) fn faults(&self) -> Vec<String> {
        let faults = Part::ALL.into_iter().filter_map(|part| match digest(&self.path(part)) {
            Ok(found) if found == self.digest(part) => None,
            Ok(_) => Some(format!("{} is not what the build made", self.path(part).display())),
            Err(error) => Some(format!("{error:#}")),
        });
        faults.collect()
    }

    pub(super) fn path(&self, part: Part) -> PathBuf {
        self.folder.join(self.document[part.name()]["file"].as_str().unwrap_or_default())
    }

    pub(super) fn digest(&self, part: Part) -> &str {
        self.document[part.name()]["digest"].as_str().unwrap_or_default()
    }

    pub(super) fn text(&self, key: &str) -> &str {
        self.document[key].as_str().unwrap_or_default()
    }

    /// When the commit was made, in seconds since 1970.
    pub(super) fn seconds(&self) -> u64 {
        self.document["createdSeconds"].as_u64().unwrap_or_default()
    }

    pub(super) fn is_modified(&self) -> bool {
        self.document["modified"] != false
    }

    /// The platform of a descriptor in the OCI image specification.
    pub(super) fn platform(&self) -> &Value {
        &self.document["platform"]
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

fn digest(path: &Path) -> Result<String> {
    Ok(oci::digest(&fs::read(path).with_context(|| format!("cannot read {}", path.display()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(folder: &Path) -> Record {
        for part in Part::ALL {
            fs::write(folder.join(part.file("1.2.3", oci::architecture())), part.name()).unwrap();
        }
        let commit =
            Commit { id: "c".into(), seconds: 0, time: "1970-01-01T00:00:00Z".into(), modified: false };
        Record::write(folder, "1.2.3", &commit, "1.95.0").unwrap()
    }

    #[test]
    fn what_was_written_down_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let written = recorded(folder.path());
        let read = Record::read(&written.folder).unwrap();
        assert_eq!(read, written);
        assert_eq!((read.text("version"), read.is_modified()), ("1.2.3", false));
    }

    #[test]
    fn changed_or_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let record = recorded(folder.path());
        assert_eq!(record.faults(), [""; 0]);
        fs::write(record.path(Part::Chart), "other").unwrap();
        fs::remove_file(record.path(Part::Sbom(Program::Myapp))).unwrap();
        let faults = record.faults();
        assert!(
            faults[0].contains(".cdx.json")
                && faults[1].ends_with("myapp-1.2.3.tgz is not what the build made"),
            "{faults:?}"
        );
        assert_eq!(faults.len(), 2);
    }

    #[test]
    fn folder_without_a_record_names_the_command() {
        let error = Record::read(Path::new("/nowhere")).unwrap_err().to_string();
        assert!(error.contains("/nowhere") && error.contains("cargo xtask release build"), "{error}");
    }
}
