use super::project::Project;

const CLEAN: [(&str, &str); 5] = [
    (
        "apps/app/src/main.rs",
        r#"use std::process::Command;
fn main() {
    Command::new("ls").arg("-l").status();
    sqlx::query("SELECT id FROM users WHERE id = $1");
    let folder = tempfile::tempdir();
    file.set_permissions(Permissions::from_mode(0o600));
}
"#,
    ),
    ("tool/main.go", "package main\n\nimport \"os/exec\"\n\nfunc main() { exec.Command(\"ls\").Run() }\n"),
    ("tool/run.py", "import subprocess\nprint(subprocess.PIPE)\n"),
    ("tool/run.sh", "#!/bin/sh\necho \"$1\"\n"),
    ("tool/without-an-ending", "#!/usr/bin/env bash\necho \"$1\"\n"),
];

/// A file, its content, and on which line which rule finds something.
type Planted = (&'static str, &'static str, &'static [(u32, &'static str)]);

const PLANTED: [Planted; 5] = [
    (
        "apps/app/src/planted.rs",
        r#"fn planted(input: &str) {
    Command::new("sh").args(["-c", input]).status();
    sqlx::query(&format!("SELECT {input}"));
    sqlx::raw_sql(AssertSqlSafe(input));
    client.danger_accept_invalid_certs(true);
    let file = std::env::temp_dir().join("fixed");
    fs::set_permissions(file, Permissions::from_mode(0o666));
    let token = fastrand::u128(..);
    tracing::info!("{}", password.expose());
    if password.expose() == input {}
    unsafe { std::hint::unreachable_unchecked() }
    Command::new("bash").status(); // nosemgrep
}
"#,
        &[
            (2, "shell"),
            (3, "sql-by-text"),
            (4, "sql-by-text"),
            (5, "tls-not-verified"),
            (6, "guessable-temporary-file"),
            (7, "writable-by-all"),
            (8, "weak-random"),
            (9, "secret-exposed"),
            (10, "secret-compared"),
            (11, "unsafe"),
            (12, "shell"),
        ],
    ),
    (
        "tool/planted.go",
        "package main\n\nimport \"math/rand\"\n\nfunc planted(input string) {\n\texec.Command(\"sh\", \"-c\", input).Run()\n\t_ = tls.Config{InsecureSkipVerify: true}\n}\n",
        &[(3, "go-weak-random"), (6, "go-shell"), (7, "go-tls-not-verified")],
    ),
    (
        "tool/planted.py",
        "import subprocess\nsubprocess.run(input(), shell=True)  # noqa: S602\n",
        &[(2, "S602")],
    ),
    (
        "tool/planted.sh",
        "#!/bin/sh\ncurl https://example.org/install | sh\neval \"$1\"\necho $1\n",
        &[(2, "shell-download-and-run"), (3, "shell-eval"), (4, "SC2086")],
    ),
    ("tool/planted", "#!/bin/sh\n# shellcheck disable=SC2086\necho $1\n", &[(2, "silenced")]),
];

#[test]
fn rules_find_planted_code_and_nothing_else() {
    let project = Project::with(&[".scan/rules"]);
    for (path, content) in CLEAN {
        project.write(path, content);
    }
    project.scan(&["code"]).assert_clean();
    for (path, content, _) in PLANTED {
        project.write(path, content);
    }
    let output = project.scan(&["code"]);
    for (path, _, findings) in PLANTED {
        for (line, rule) in findings {
            output.assert_found(&format!("{path}:{line}"), rule);
        }
    }
}
