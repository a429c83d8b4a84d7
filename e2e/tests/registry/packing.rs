//! The same commit is the same bytes. That holds for the binary too, which takes minutes to build twice: `cargo xtask release compare`.

use std::collections::{BTreeMap, BTreeSet};

use e2e::release::{ARTIFACTS, Artifacts, both_streams, xtask};

const PARTS: [&str; 10] = [
    "binary",
    "sbom",
    "image",
    "chart",
    "contract",
    "manual",
    "archive",
    "sum",
    "confpath-sbom",
    "confpath-image",
];

fn digests(artifacts: &Artifacts) -> BTreeMap<&'static str, String> {
    let record = artifacts.record();
    PARTS.map(|part| (part, record[part]["digest"].as_str().unwrap().to_owned())).into()
}

#[test]
fn packing_of_all_parts_is_reproducible() {
    let first = digests(&ARTIFACTS);
    // Else the image would not be built again, since nothing that it is made of has changed.
    let rebuilt = xtask(&["image", "--rebuild"]).output().unwrap();
    assert!(rebuilt.status.success(), "{}", both_streams(&rebuilt));
    let again = Artifacts::build("artifacts-again");
    assert_eq!(digests(&again), first);
    std::fs::remove_dir_all(again.folder).unwrap();
}

#[test]
fn chart_files_carry_commit_time() {
    let chart = std::fs::read(ARTIFACTS.file("chart")).unwrap();
    let tar = crate::contents::unpacked(&chart).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let times: BTreeSet<u64> =
        archive.entries().unwrap().map(|entry| entry.unwrap().header().mtime().unwrap()).collect();
    let committed = ARTIFACTS.record()["createdSeconds"].as_u64().unwrap();
    assert_eq!(times, BTreeSet::from([committed]));
}

#[test]
fn output_folder_with_foreign_files_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    std::fs::write(&precious, "kept").unwrap();
    let output = xtask(&["release", "build", "--output"]).arg(folder.path()).output().unwrap();
    let said = both_streams(&output);
    assert!(!output.status.success() && said.contains("holds something that is no release"), "{said}");
    assert_eq!(std::fs::read_to_string(precious).unwrap(), "kept");
}
