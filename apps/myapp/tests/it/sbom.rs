//! The SBOM is served on the admin listener, and only if `--sbom` is set.

use tempfile::NamedTempFile;
use test_support::http::raw::blocking::get;

use crate::databases::{Kind, on_both_databases};
use crate::process::refusal;
use crate::service::Service;

const DOCUMENT: &str = "{\"bomFormat\": \"CycloneDX\",\n \"specVersion\": \"1.5\"}\n";

/// A document for `--sbom`.
pub(crate) struct SbomFile(NamedTempFile);

impl SbomFile {
    pub(crate) fn new() -> Self {
        Self::holding(DOCUMENT)
    }

    fn holding(text: &str) -> Self {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Self(file)
    }

    pub(crate) fn flag(&self) -> String {
        format!("--sbom={}", self.0.path().display())
    }
}

on_both_databases! {
    it_is_not_there_unless_asked_for
    sbom_is_served_unchanged_on_admin_only
}

fn it_is_not_there_unless_asked_for(kind: &Kind) {
    let service = Service::start(kind, &[], &[]);
    assert_eq!(get(service.admin, "/sbom").status, 404);
}

fn sbom_is_served_unchanged_on_admin_only(kind: &Kind) {
    let file = SbomFile::new();
    let service = Service::start(kind, &[&file.flag()], &[]);
    let answer = get(service.admin, "/sbom");
    assert_eq!((answer.status, answer.body.as_str()), (200, DOCUMENT));
    assert_eq!(answer.header("content-type"), Some("application/vnd.cyclonedx+json"));
    for other in [service.public, service.operator] {
        assert_eq!(get(other, "/sbom").status, 404);
    }
}

#[test]
fn invalid_sbom_file_is_refused_before_binding() {
    let missing = "--sbom=/nowhere/myapp.cdx.json".to_owned();
    let (text, other) = (SbomFile::holding("not JSON"), SbomFile::holding(r#"{"bomFormat":"SPDX"}"#));
    for (flag, reason) in
        [(missing, "No such file"), (text.flag(), "no JSON"), (other.flag(), "no CycloneDX document")]
    {
        for command in ["serve", "check"] {
            let (code, lines) = refusal(&[command, &flag], &[]);
            assert_eq!(code, Some(64), "{lines:?}");
            assert!(lines[0].contains("--sbom <FILE>") && lines[0].contains(reason), "{lines:?}");
        }
    }
}
