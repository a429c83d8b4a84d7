//! Images of services in Python, made of Debian packages, in a registry from which the node of the project's own cluster pulls.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The folder of the sample in Python.
pub const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/python");

/// The root of an image with Python.
pub struct PythonRoot(TempDir);

impl PythonRoot {
    /// Fetches and unpacks the packages of Python alone.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// Fetches and unpacks the packages of the sample's image.
    pub fn of_sample() -> Self {
        let list = fs::read_to_string(Path::new(SAMPLE).join("packages.txt"));
        let list = list.unwrap_or_else(|error| panic!("packages.txt: {error}"));
        Self::with(&list.split_whitespace().collect::<Vec<_>>())
    }

    fn with(packages: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
        let root = Self(folder);
        succeed(Command::new(Path::new(SAMPLE).join("python-root.sh")).arg(root.path()).args(packages));
        root
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("image")
    }

    /// Runs the image's Python in `folder`, where nothing is written. Returns its output of both streams.
    pub fn python(&self, folder: &Path, arguments: &[&str]) -> String {
        let mut python = Command::new(self.program());
        python.args(arguments).current_dir(folder).env_clear();
        succeed(python.envs(self.variables()))
    }

    /// The image's Python.
    pub fn program(&self) -> PathBuf {
        self.path().join("usr/bin/python3")
    }

    /// The variables with which the image's Python finds its modules, and writes nothing.
    pub fn variables(&self) -> [(&'static str, OsString); 2] {
        [("PYTHONHOME", self.path().join("usr").into()), ("PYTHONDONTWRITEBYTECODE", "1".into())]
    }

    /// The files and links of the root: the bytes, or the path that a link names.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(&self.path(), Path::new(""), &mut found);
        found
    }

    /// Builds the Dockerfile of `folder` onto this root, in the place of its stage `python`, and pushes the image.
    pub fn push(&self, folder: &Path, image: &str) {
        push(folder, image, &[&format!("--build-context=python={}", self.0.path().display())]);
    }
}

impl Default for PythonRoot {
    fn default() -> Self {
        Self::new()
    }
}

/// Builds the Dockerfile of `folder` and pushes the image; nothing of it stays in the store of this machine.
pub fn push(folder: &Path, image: &str, options: &[&str]) {
    let build = ["build", "--layers=false", "--timestamp=0", "--tag", image];
    succeed(Command::new("buildah").args(build).args(options).arg(folder));
    succeed(Command::new("buildah").args(["push", "--tls-verify=false", image]));
    succeed(Command::new("buildah").args(["rmi", image]));
}

fn collect(root: &Path, below: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let folder = root.join(below);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.map_while(Result::ok) {
        let name = below.join(entry.file_name());
        let path = entry.path();
        if path.is_symlink() {
            let target = fs::read_link(&path).map(|target| target.into_os_string().into_encoded_bytes());
            found.insert(name, target.unwrap_or_default());
        } else if path.is_dir() {
            collect(root, &name, found);
        } else {
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.insert(name, bytes);
        }
    }
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let said =
        [output.stdout, output.stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}
