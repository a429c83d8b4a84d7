use super::project::{Project, checkout};

#[test]
fn missing_tools_are_named_before_anything_runs() {
    let empty = tempfile::tempdir().unwrap();
    let cache = empty.path().to_str().unwrap();
    let told = Project::of(&[]).scan_in(&["secrets", "workflows"], &[("XDG_CACHE_HOME", cache)]);
    assert_eq!(told.code, Some(2), "{}", told.text);
    for way in ["go install github.com/zricethezav/gitleaks/v8@", "pip install zizmor=="] {
        assert!(told.text.contains(way), "{}", told.text);
    }
    assert!(!told.text.contains("==="), "{}", told.text);
}

#[test]
fn failed_tool_stops_no_other() {
    let project = Project::of(&[(".scan/gitleaks.json", "{}")]);
    let told = project.scan(&["workflows", "secrets"]);
    assert_eq!(told.code, Some(1), "{}", told.text);
    assert!(told.text.contains("failed: .scan/gitleaks.json: is no list of objects"), "{}", told.text);
    assert!(told.text.contains("failed: there is no workflow"), "{}", told.text);
    assert!(told.text.contains("3 tools failed"), "{}", told.text);
}

#[test]
fn every_explanations_file_has_its_tool() {
    let known = [
        "actionlint",
        "checkov",
        "gitleaks",
        "govulncheck",
        "image",
        "pip-audit",
        "ruff",
        "semgrep",
        "shellcheck",
        "zizmor",
    ];
    for entry in std::fs::read_dir(checkout().join(".scan")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(path.is_dir() || known.contains(&name.as_str()), "{}", path.display());
    }
}
