//! The cache of tools with a pinned version: `<cache>/myapp-xtask/tools/<name>-<key>/`, shared by all clones of a user.
//!
//! The key is a digest of everything their build depends on, so that a changed pin is another folder and nothing in
//! use is ever overwritten.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::pins::{self, Source, Tool};
use crate::workspace;

const KEY_LENGTH: usize = 12;

/// The folders of all tools with a pinned version, whether they are there or not.
///
/// Worked out once: every command that a task runs asks for them, and they depend on the contents of files.
pub fn folders() -> &'static [PathBuf] {
    static FOLDERS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    FOLDERS.get_or_init(|| pins::tools().iter().filter_map(folder).collect())
}

/// The command of a tool, wherever its pinned version is kept.
pub fn built(name: &str) -> PathBuf {
    named(name).and_then(command_of).unwrap_or_default()
}

/// The folder with a tool's Python packages.
pub fn python_path(name: &str) -> PathBuf {
    named(name).and_then(folder).unwrap_or_default()
}

fn named(name: &str) -> Option<&'static Tool> {
    pins::tools().iter().find(|tool| tool.name == name)
}

pub(crate) fn command_of(tool: &Tool) -> Option<PathBuf> {
    let folder = folder(tool)?;
    // As pip and cargo lay it out: commands below `bin`, and what pip puts beside it are the packages.
    let is_below_bin = matches!(tool.source, Source::Python { .. } | Source::Cargo { .. });
    Some(if is_below_bin { folder.join("bin").join(&tool.name) } else { folder.join(&tool.name) })
}

/// Nothing for a tool that does not live in the cache.
pub(crate) fn folder(tool: &Tool) -> Option<PathBuf> {
    Some(root().join(format!("{}-{}", tool.name, key(&tool.source)?)))
}

/// The cache that all checkouts of a user share.
pub fn root() -> PathBuf {
    let from_home = || std::env::home_dir().unwrap_or_default().join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(from_home, PathBuf::from);
    cache.join("myapp-xtask/tools")
}

fn key(source: &Source) -> Option<String> {
    match source {
        Source::GoInstall { package, version } | Source::Cargo { package, version } => {
            Some(digest([format!("{package}@{version}").as_bytes()]))
        }
        Source::GoBuild { module, version, package, replaced } => {
            let replacements = replaced.iter().flat_map(|(old, new)| [old.as_bytes(), new.as_bytes()]);
            Some(digest([module, version, package].map(String::as_bytes).into_iter().chain(replacements)))
        }
        Source::GoFiles { module, version, folder } => {
            Some(digest([module, version, folder].map(String::as_bytes)))
        }
        Source::GoModule { module, package } => {
            Some(digest([package.as_bytes(), module_digest(module).as_bytes()]))
        }
        Source::Python { packages } => Some(digest(packages.iter().map(|package| package.as_bytes()))),
        Source::Debian { .. } | Source::Rustup { .. } | Source::ByHand { .. } => None,
    }
}

fn module_digest(module: &str) -> String {
    let mut files = Vec::new();
    collect(&workspace::go_module().join(module), &mut files);
    files.sort();
    let contents: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap_or_default()).collect();
    digest(contents.iter().map(Vec::as_slice).chain([pins::kubernetes_version().as_bytes()]))
}

/// The files a module is built from; a folder with a go.mod of its own is another module.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.join("go.mod").exists() {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|end| end == "go" || end == "mod" || end == "sum") {
            files.push(path);
        }
    }
}

/// Each part is preceded by its length: two lists of parts that join to the same bytes have different digests.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..KEY_LENGTH].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_another_folder() {
        let key_of = |version: &str| {
            key(&Source::GoInstall { package: "example.org/tool".to_owned(), version: version.to_owned() })
        };
        assert_eq!(key_of("v1"), key_of("v1"));
        assert_ne!(key_of("v1"), key_of("v2"));
    }

    #[test]
    fn the_digest_sees_where_a_part_ends() {
        assert_ne!(digest([b"ab".as_slice(), b"c"]), digest([b"a".as_slice(), b"bc"]));
    }
}
