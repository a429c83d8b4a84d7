//! Kubelet volumes: directories that change as those of a pod do.
//!
//! The kubelet's writer (`pkg/volume/util/atomic_writer.go` of Kubernetes) puts each payload into a fresh directory
//! `..<time>.<random>`, moves the link `..data` to it by one rename, and maintains one link for each top-level name
//! (`config -> ..data/config`). A reader that goes through `..data` sees either the old payload or the new one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Link to the payload in force.
pub const DATA: &str = "..data";
/// The same link before its rename.
pub const FRESH_DATA: &str = "..data_tmp";

/// Steps of a write: directory, files, link beside, rename, links at the top, removal of the old payload.
pub const STEPS: usize = 6;
/// The step by which a reader sees the new payload.
pub const RENAME: usize = 4;

/// Writer of a volume.
#[derive(Clone, Debug)]
pub struct KubeletVolume {
    directory: PathBuf,
    mode: u32,
}

impl KubeletVolume {
    /// A writer for this directory, which the first write creates.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), mode: 0o644 }
    }

    /// Sets the permissions of the files, the volume's `defaultMode`.
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    /// The volume's directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// Replaces the payload by these files, whose names may contain folders.
    ///
    /// # Errors
    /// A path that cannot be written; the error names the path.
    pub fn write<N: AsRef<Path>, B: AsRef<[u8]>>(&self, files: &[(N, B)]) -> io::Result<()> {
        self.write_until(files, STEPS)
    }

    /// Ends after so many steps, as a kubelet that dies does; the next write continues from there.
    ///
    /// # Errors
    /// A path that cannot be written; the error names the path.
    pub fn write_until<N: AsRef<Path>, B: AsRef<[u8]>>(
        &self,
        files: &[(N, B)],
        steps: usize,
    ) -> io::Result<()> {
        if steps == 0 {
            return Ok(());
        }
        let old = payload(&self.directory);
        let fresh = self.fresh_directory()?;
        if steps >= 2 {
            files.iter().try_for_each(|(name, bytes)| self.write_file(&fresh.join(name), bytes.as_ref()))?;
        }
        let (data, beside) = (self.directory.join(DATA), self.directory.join(FRESH_DATA));
        if steps >= 3 {
            // A writer that died has left one.
            let _ = fs::remove_file(&beside);
            symlink(fresh.file_name().unwrap_or_default(), &beside).map_err(at(&beside))?;
        }
        if steps >= RENAME {
            fs::rename(&beside, &data).map_err(at(&data))?;
        }
        if steps >= 5 {
            let names = files.iter().filter_map(|(name, _)| name.as_ref().components().next());
            self.link(&names.map(|name| name.as_os_str().to_owned()).collect())?;
        }
        match old {
            Some(old) if steps >= STEPS => remove_if_there(&old).map_err(at(&old)),
            _ => Ok(()),
        }
    }

    fn fresh_directory(&self) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.directory).map_err(at(&self.directory))?;
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let stamp = now.trim_end_matches('Z').replace(['-', ':', 'T'], "_");
        let mut name = tempfile::Builder::new();
        let fresh = name.prefix(&format!("..{stamp}.")).tempdir_in(&self.directory)?.keep();
        fs::set_permissions(&fresh, Permissions::from_mode(0o755)).map_err(at(&fresh))?;
        Ok(fresh)
    }

    fn write_file(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.directory);
        fs::create_dir_all(folder).map_err(at(folder))?;
        fs::write(path, bytes).map_err(at(path))?;
        fs::set_permissions(path, Permissions::from_mode(self.mode)).map_err(at(path))
    }

    /// Adds the links that are missing, and removes those whose name is no longer in the payload.
    fn link(&self, names: &BTreeSet<OsString>) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory).map_err(at(&self.directory))? {
            let entry = entry?;
            let is_ours = fs::read_link(entry.path()).is_ok_and(|link| link.starts_with(DATA));
            if is_ours && !names.contains(&entry.file_name()) {
                fs::remove_file(entry.path()).map_err(at(&entry.path()))?;
            }
        }
        for name in names {
            let link = self.directory.join(name);
            if fs::symlink_metadata(&link).is_err() {
                symlink(Path::new(DATA).join(name), &link).map_err(at(&link))?;
            }
        }
        Ok(())
    }
}

/// The payload to which a volume's `..data` leads; `None` where it leads elsewhere or nowhere.
#[must_use]
pub fn payload(directory: &Path) -> Option<PathBuf> {
    let name = fs::read_link(directory.join(DATA)).ok()?;
    let is_payload = name.to_str().is_some_and(|name| name.starts_with("..2"));
    is_payload.then(|| directory.join(name))
}

fn remove_if_there(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    let path = path.to_owned();
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn payload_is_replaced_and_nothing_remains() {
        let directory = tempfile::tempdir().unwrap();
        let volume = KubeletVolume::new(directory.path()).mode(0o440);
        volume.write(&[("config/MODE", "loud"), ("secrets/TOKEN", "t")]).unwrap();
        let old = payload(directory.path()).unwrap();
        assert_eq!(fs::read_link(directory.path().join("config")).unwrap(), Path::new("..data/config"));
        assert_eq!(fs::metadata(old.join("config/MODE")).unwrap().permissions().mode() & 0o777, 0o440);

        volume.write(&[("config/MODE", "quiet")]).unwrap();
        let new = payload(directory.path()).unwrap();
        let new = new.file_name().unwrap().to_str().unwrap();
        assert_eq!(names(directory.path()), [new, "..data", "config"]);
        assert_eq!(fs::read_to_string(directory.path().join("config/MODE")).unwrap(), "quiet");
    }

    #[test]
    fn reader_sees_the_payload_after_the_rename() {
        let directory = tempfile::tempdir().unwrap();
        let volume = KubeletVolume::new(directory.path());
        volume.write(&[("MODE", "0")]).unwrap();
        for steps in 0..=STEPS {
            let text = format!("{steps}");
            volume.write_until(&[("MODE", &text)], steps).unwrap();
            let expected = if steps < RENAME { "0" } else { &text };
            assert_eq!(fs::read_to_string(directory.path().join("MODE")).unwrap(), expected, "{steps}");
        }
    }
}
