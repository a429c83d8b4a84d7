use std::process::Command;

use super::project::{Project, run, scan};

/// In the form of a real one, put together here so that it is in no file of this project.
fn key() -> String {
    format!("{}{}", "ghp_", "8gQ2mZ1xKc7Tn4Vb0WyRj5Ld9Hs3PfUe6AoI")
}

#[test]
fn uncommitted_key_is_found_and_not_repeated() {
    let project = Project::of(&[("settings.env", "TOKEN=\n")]);
    project.scan(&["secrets"]).assert_clean();
    project.write("settings.env", &format!("TOKEN={} # gitleaks:allow\n", key()));
    let output = project.scan(&["secrets"]);
    output.assert_found("settings.env:1", "github-pat");
    assert!(!output.text.contains(&key()), "{}", output.text);
}

#[test]
fn key_removed_by_a_later_commit_is_found() {
    let project = Project::of(&[("settings.env", &format!("TOKEN={}\n", key()))]);
    project.write("settings.env", "TOKEN=\n");
    project.commit();
    let output = project.scan(&["secrets"]);
    output.assert_found("settings.env:1", "github-pat");
    assert!(output.text.contains("(in commit "), "{}", output.text);
}

#[test]
fn another_value_at_an_explained_place_is_found() {
    let project = Project::of(&[("settings.env", &format!("TOKEN={}\n", key()))]);
    let output = project.scan(&["secrets"]);
    let digest = output.text.split("on: ").nth(1).unwrap().lines().next().unwrap();
    let explained = format!(
        r#"[{{ "rule": "github-pat", "path": "settings.env", "on": "{digest}", "reason": "a test" }}]"#
    );
    project.write(".scan/gitleaks.json", &explained);
    project.scan(&["secrets"]).assert_clean();
    project.write("settings.env", &format!("TOKEN={}\n", key().to_lowercase().replace("mz1", "Mz2")));
    project.scan(&["secrets"]).assert_number(1);
}

#[test]
fn shallow_clone_is_reported_as_incomplete() {
    let project = Project::of(&[("settings.env", "TOKEN=\n")]);
    project.commit();
    let folder = tempfile::tempdir().unwrap();
    let source = format!("file://{}", project.path().display());
    run(Command::new("git").args(["clone", "--quiet", "--depth=1", &source]).arg(folder.path()));
    let output = scan(&["secrets"], folder.path(), &[]);
    output.assert_clean();
    assert!(
        output.text.contains("not looked at: this clone has a part of the history only"),
        "{}",
        output.text
    );
    let output = scan(&["secrets", "--complete"], folder.path(), &[]);
    assert_eq!(output.code, Some(1), "{}", output.text);
}
