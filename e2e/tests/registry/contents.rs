//! The image's SBOM, compared with the results of other tools.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Permissions;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use cyclonedx_bom::models::bom::Bom;
use cyclonedx_bom::models::component::{Classification, Component, Scope};
use cyclonedx_bom::prelude::SpecVersion;
use cyclonedx_bom::validation::Validate as _;
use e2e::release::ARTIFACTS;
use flate2::read::GzDecoder;

/// The files of a tar archive.
pub(crate) fn entries(tar: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(tar);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), content)
    };
    archive.entries().unwrap().map(read).collect()
}

/// Decompresses a gzip blob; `None` if `blob` has no gzip header.
pub(crate) fn unpacked(blob: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = GzDecoder::new(blob);
    decoder.header()?;
    let mut unpacked = Vec::new();
    decoder.read_to_end(&mut unpacked).unwrap();
    Some(unpacked)
}

/// The programs, with the parts that are their lists of contents.
const PROGRAMS: [(&str, &str); 2] = [("myapp", "sbom"), ("confpath", "confpath-sbom")];

fn bom(part: &str) -> Bom {
    Bom::parse_from_json(std::fs::File::open(ARTIFACTS.file(part)).unwrap()).unwrap()
}

fn components(bom: &Bom) -> Vec<&Component> {
    bom.components.as_ref().unwrap().0.iter().collect()
}

/// `name@version`.
fn named(component: &Component) -> String {
    let version = component.version.as_ref().map(ToString::to_string);
    format!("{}@{}", component.name, version.unwrap_or_default())
}

/// Packages that cargo's resolver reports as needed by a program, for the named kinds of dependencies.
fn resolved(program: &str, kinds: &str) -> BTreeSet<String> {
    let target =
        ARTIFACTS.record()["platform"]["architecture"].as_str().map(|architecture| match architecture {
            "amd64" => "x86_64-unknown-linux-gnu",
            "arm64" => "aarch64-unknown-linux-gnu",
            other => panic!("{other}"),
        });
    let output = Command::new(env!("CARGO"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args([
            "tree",
            "--locked",
            "--package",
            program,
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--no-dedupe",
        ])
        .args(["--edges", kinds, "--target", target.unwrap()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // `serde v1.0.0 (proc-macro)`
    let lines = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("{}@{}", words.next()?, words.next()?.strip_prefix('v')?))
    };
    lines.lines().filter_map(name).collect()
}

#[test]
fn sbom_is_valid_cyclonedx() {
    for (program, part) in PROGRAMS {
        let bom = bom(part);
        let result = bom.validate_version(SpecVersion::V1_5);
        assert!(result.passed(), "{program}: {:#?}", result.errors().collect::<Vec<_>>());
        let component = bom.metadata.as_ref().unwrap().component.as_ref().unwrap();
        assert_eq!(named(component), format!("{program}@{}", env!("CARGO_PKG_VERSION")));
        assert_eq!(component.component_type, Classification::Application);
        assert!(bom.metadata.as_ref().unwrap().timestamp.is_some());
    }
}

#[test]
fn sbom_crates_equal_cargo_resolution() {
    for (program, part) in PROGRAMS {
        let bom = bom(part);
        let mut listed: BTreeSet<String> = components(&bom)
            .into_iter()
            .filter(|component| {
                component.purl.as_ref().is_none_or(|purl| purl.as_ref().starts_with("pkg:cargo/"))
            })
            .map(named)
            .collect();
        for other in ["rust-std", "sqlite", "glibc", "libgcc", "ca-certificates"] {
            listed.retain(|component| !component.starts_with(&format!("{other}@")));
        }
        listed.insert(format!("{program}@{}", env!("CARGO_PKG_VERSION")));
        assert_eq!(listed, resolved(program, "normal,build"));
        // Among them none that only tests use.
        for name in ["insta", "proptest", "tempfile", "kube", "test-support", "e2e", "xtask"] {
            assert!(!listed.iter().any(|component| component.starts_with(&format!("{name}@"))), "{name}");
        }
    }
}

#[test]
fn sbom_crate_has_registry_version_checksum_and_licence() {
    let bom = bom("sbom");
    let tokio = components(&bom).into_iter().find(|component| component.name.to_string() == "tokio").unwrap();
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    let block = lock.split("[[package]]").find(|block| block.contains("\nname = \"tokio\"\n")).unwrap();
    let field = |key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap();
        line.trim_matches('"').to_owned()
    };
    assert_eq!(named(tokio), format!("tokio@{}", field("version")));
    assert_eq!(tokio.hashes.as_ref().unwrap().0[0].content.0, field("checksum"));
    assert_eq!(tokio.purl.as_ref().unwrap().as_ref(), format!("pkg:cargo/tokio@{}", field("version")));
    assert_eq!(tokio.scope, Some(Scope::Required));
    assert!(format!("{:?}", tokio.licenses).contains("MIT"), "{:?}", tokio.licenses);
}

#[test]
fn sbom_lists_other_image_contents_with_versions() {
    let versions = |part: &str| -> BTreeMap<_, _> {
        let version = |component: &Component| component.version.as_ref().map(ToString::to_string);
        components(&bom(part)).iter().map(|one| (one.name.to_string(), version(one))).collect()
    };
    let tool = versions("confpath-sbom");
    assert!(tool["glibc"].is_some() && !tool.contains_key("sqlite") && !tool.contains_key("ca-certificates"));
    let versions = versions("sbom");
    for name in ["rust-std", "sqlite", "glibc", "libgcc", "ca-certificates"] {
        assert!(
            versions[name].as_ref().is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit())),
            "{name}: {:?}",
            versions[name]
        );
    }
    // The version that the binary itself has in it.
    let binary = std::fs::read(ARTIFACTS.file("binary")).unwrap();
    let sqlite = versions["sqlite"].clone().unwrap();
    assert!(binary.windows(sqlite.len()).any(|bytes| bytes == sqlite.as_bytes()), "{sqlite}");
}

#[test]
fn binary_and_sbom_hold_no_build_paths() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_str().unwrap().as_bytes().to_vec();
    let home = std::env::home_dir().unwrap().join(".cargo").to_str().unwrap().as_bytes().to_vec();
    let archive = unpacked(&std::fs::read(ARTIFACTS.file("archive")).unwrap()).unwrap();
    let read = |part: &str| std::fs::read(ARTIFACTS.file(part)).unwrap();
    for (part, content) in ["binary", "sbom", "confpath-sbom"]
        .map(|part| (part, read(part)))
        .into_iter()
        .chain([("archive", archive)])
    {
        for path in [&root, &home] {
            let found = content.windows(path.len()).any(|bytes| bytes == path.as_slice());
            assert!(!found, "{} in the {part}", String::from_utf8_lossy(path));
        }
    }
}

#[test]
fn binary_names_the_commit_of_the_release() {
    let binary = ARTIFACTS.file("binary");
    // It is published without the bit.
    std::fs::set_permissions(&binary, Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(&binary).arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let record = ARTIFACTS.record();
    let part = |key: &str, length: usize| record[key].as_str().unwrap().get(..length).unwrap().to_owned();
    let (commit, date) = (part("commit", 8), part("created", 10));
    let version = env!("CARGO_PKG_VERSION");
    // A change outside the sources of the service modifies the checkout and not the binary.
    let is_named = [String::new(), "-modified".into()]
        .map(|mark| text.starts_with(&format!("myapp {version} ({commit}{mark} {date}, ")));
    assert!(is_named[0] || (is_named[1] && record["modified"] == true), "{text}: {record}");
}

#[test]
fn manual_has_pages_and_completions_in_place() {
    let files: BTreeMap<_, _> =
        entries(&std::fs::read(ARTIFACTS.file("manual")).unwrap()).into_iter().collect();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "share/bash-completion/completions/myapp",
            "share/fish/vendor_completions.d/myapp.fish",
            "share/man/man1/myapp-check.1",
            "share/man/man1/myapp-schema.1",
            "share/man/man1/myapp-serve.1",
            "share/man/man1/myapp-verify.1",
            "share/man/man1/myapp.1",
            "share/zsh/site-functions/_myapp",
        ]
    );
    assert!(files.values().all(|content| !content.is_empty()));
}

#[test]
fn archive_and_sum_install_the_tool() {
    let archive = ARTIFACTS.file("archive");
    let mut check = Command::new("sha256sum");
    check.args(["--check", "--strict"]).arg(ARTIFACTS.file("sum")).current_dir(&ARTIFACTS.folder);
    assert!(check.output().unwrap().status.success());
    let folder = tempfile::tempdir().unwrap();
    let mut tar = Command::new("tar");
    tar.args(["--no-same-owner", "-xzf"]).arg(&archive).arg("-C").arg(folder.path());
    assert!(tar.output().unwrap().status.success());
    let tool = folder.path().join("bin/confpath");
    let output = Command::new(tool).arg("--version").output().unwrap();
    let version = format!("confpath {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), version);
    let files: BTreeSet<_> = entries(&unpacked(&std::fs::read(&archive).unwrap()).unwrap())
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    for file in [
        "share/bash-completion/completions/confpath",
        "share/doc/confpath/LICENSE",
        "share/doc/confpath/NOTICE",
        "share/fish/vendor_completions.d/confpath.fish",
        "share/man/man1/confpath-check.1",
        "share/man/man1/confpath.1",
        "share/zsh/site-functions/_confpath",
    ] {
        assert!(files.contains(file), "{file}: {files:?}");
    }
    assert!(!files.iter().any(|file| file.contains("myapp")), "{files:?}");
}
