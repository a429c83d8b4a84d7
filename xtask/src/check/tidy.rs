//! Rules of this repository that no other tool checks. Texts in, complaints out.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use kit::process::Cmd;
use kit::workspace;

use super::words::Blocks;
use super::{functions, test_names};

/// Most lines of a source file, without its tests.
const MAX_LINES: usize = 400;

/// Folders that exist on one machine only: a path into them works for nobody else.
const MACHINE_FOLDERS: [&str; 3] = ["root", "work", "home"];

/// Inputs of the fuzz targets, in which any byte may stand anywhere.
const CORPUS: &str = "fuzz/corpus";

/// Files that tools write, with their own idea of tidiness.
const NOT_OURS: [&str; 2] = ["lock", "sum"];

pub(super) fn run() -> Result<()> {
    let mut complaints = Vec::new();
    let mut blocks = Blocks::default();
    for path in files()? {
        // What is no text, or is deleted but not yet committed so, has nothing to check.
        if let Ok(text) = std::fs::read_to_string(workspace::root().join(&path)) {
            complaints.extend(complaints_about(Path::new(&path), &text));
            if path.ends_with(".rs") {
                blocks.add(&Blocks::of(&text));
            }
            if path.ends_with(".rs") {
                let parsed = syn::parse_file(&text).with_context(|| format!("cannot parse {path}"))?;
                let mut long = test_names::too_long(&parsed);
                if !is_test(Path::new(&path)) {
                    long.extend(functions::too_long(&text, &parsed));
                }
                complaints.extend(long.iter().map(|long| format!("{path}: {long}")));
            }
        }
    }
    complaints.extend(blocks.judge().err().map(|error| error.to_string()));
    if complaints.is_empty() { Ok(()) } else { bail!("not tidy:\n  {}", complaints.join("\n  ")) }
}

/// Those in Git and those that would be added.
pub(super) fn files() -> Result<Vec<String>> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let paths = Cmd::new("git").args(list).directory(workspace::root()).run()?;
    Ok(paths.lines().map(str::to_owned).collect())
}

fn complaints_about(path: &Path, text: &str) -> Vec<String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if NOT_OURS.contains(&extension) || path.starts_with(CORPUS) {
        return vec![];
    }
    let mut complaints = Vec::new();
    let path_name = path.display();
    for (number, line) in (1..).zip(text.lines()) {
        if line.ends_with([' ', '\t']) {
            complaints.push(format!("{path_name}:{number}: trailing white space"));
        }
        if names_machine_path(line) {
            complaints.push(format!("{path_name}:{number}: a path of one machine"));
        }
    }
    if extension == "rs" && !is_test(path) {
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        if lines > MAX_LINES {
            complaints.push(format!("{path_name}: {lines} lines, more than {MAX_LINES}"));
        }
    }
    complaints
}

/// True for files that hold tests alone.
fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

/// A path that only continues one of these names, like `/srv/work/`, is somebody's own affair.
fn names_machine_path(line: &str) -> bool {
    MACHINE_FOLDERS.iter().any(|folder| {
        let needle = format!("/{folder}/");
        line.match_indices(&needle).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + needle.len()..].chars().next();
            !before.is_some_and(|c| c.is_alphanumeric() || "_.-}".contains(c))
                && after.is_some_and(|c| c.is_alphanumeric() || c == '.')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        complaints_about(Path::new(path), text)
    }

    #[test]
    fn machine_path_is_found_unless_inside_longer_path() {
        let home = format!("cd /{}/someone/x", "home");
        assert_eq!(complaints("README.md", &home), ["README.md:1: a path of one machine"]);
        assert!(complaints("README.md", &format!("cd /srv/{}/x and $STATE/{0}/x", "root")).is_empty());
    }

    #[test]
    fn trailing_white_space_is_found_with_its_line() {
        assert_eq!(complaints("a.md", "good\nbad \n"), ["a.md:2: trailing white space"]);
        assert!(complaints("go.sum", "not ours \n").is_empty());
        assert!(complaints("fuzz/corpus/plain/bare_cr", "GET / \n").is_empty());
    }

    #[test]
    fn long_files_are_counted_without_their_tests() {
        let long = "x\n".repeat(MAX_LINES + 1);
        assert_eq!(complaints("a.rs", &long).len(), 1);
        assert!(complaints("tests/a.rs", &long).is_empty());
        assert!(complaints("a.rs", &format!("#[cfg(test)]\n{long}")).is_empty());
    }
}
