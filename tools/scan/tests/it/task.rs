use super::project::{Project, checkout};

#[test]
fn missing_tools_are_named_before_anything_runs() {
    let empty = tempfile::tempdir().unwrap();
    let cache = empty.path().to_str().unwrap();
    let output = Project::of(&[]).scan_in(&["secrets", "workflows"], &[("XDG_CACHE_HOME", cache)]);
    assert_eq!(output.code, Some(2), "{}", output.text);
    for way in ["go install github.com/zricethezav/gitleaks/v8@", "pip install zizmor=="] {
        assert!(output.text.contains(way), "{}", output.text);
    }
    assert!(!output.text.contains("==="), "{}", output.text);
}

#[test]
fn failed_tool_stops_no_other() {
    let project = Project::of(&[(".scan/gitleaks.json", "{}")]);
    let output = project.scan(&["workflows", "secrets"]);
    assert_eq!(output.code, Some(1), "{}", output.text);
    assert!(output.text.contains("failed: .scan/gitleaks.json: is no list of objects"), "{}", output.text);
    assert!(output.text.contains("failed: there is no workflow"), "{}", output.text);
    assert!(output.text.contains("3 tools failed"), "{}", output.text);
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
