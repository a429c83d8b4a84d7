//! The lock file of the fuzz targets: what they run is what ships.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use kit::workspace;

const FUZZ_LOCK: &str = "fuzz/Cargo.lock";

pub(super) fn run() -> Result<()> {
    let read = |path: &str| {
        std::fs::read_to_string(workspace::root().join(path)).with_context(|| format!("cannot read {path}"))
    };
    let complaints = differences(&read("Cargo.lock")?, &read(FUZZ_LOCK)?);
    if complaints.is_empty() { Ok(()) } else { bail!("{FUZZ_LOCK}:\n  {}", complaints.join("\n  ")) }
}

/// Packages of both that are not in the same version; those of the fuzz targets alone may be in any.
fn differences(shipped: &str, fuzzed: &str) -> Vec<String> {
    let shipped = versions(shipped);
    let mut complaints = Vec::new();
    for (name, versions) in versions(fuzzed) {
        let Some(known) = shipped.get(name) else { continue };
        for version in versions.difference(known) {
            let known = known.iter().copied().collect::<Vec<_>>().join(" or ");
            complaints.push(format!(
                "{name} is {version}, and {known} in Cargo.lock; run `cargo update --manifest-path fuzz/Cargo.toml \
                 --package {name}@{version} --precise {known}`"
            ));
        }
    }
    complaints
}

/// The versions of each package.
fn versions(lock: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &'static str| {
            package.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim_matches('"'))
        };
        if let (Some(name), Some(version)) = (field("name = "), field("version = ")) {
            found.entry(name).or_default().insert(version);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> String {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry\"\n\n")
    }

    #[test]
    fn another_version_than_the_shipped_one_is_found() {
        let shipped = package("http", "1.5.0") + &package("rand", "0.9.1") + &package("rand", "0.10.0");
        let fuzzed = package("http", "1.6.0") + &package("rand", "0.10.0") + &package("loom", "0.7.3");
        let found = differences(&shipped, &fuzzed);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("http is 1.6.0, and 1.5.0 in Cargo.lock; run `cargo update"),
            "{found:?}"
        );
    }

    #[test]
    fn equal_versions_are_no_difference() {
        let lock = package("http", "1.5.0");
        assert!(differences(&lock, &lock).is_empty());
    }
}
