use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use super::project::{Project, checkout, run};

/// A crate of this workspace's own lock file, so that cargo has it.
const CRATE: &str = "itoa";

fn version() -> String {
    let lock = std::fs::read_to_string(checkout().join("Cargo.lock")).unwrap();
    let package =
        lock.split("[[package]]").find(|package| package.contains(&format!("name = \"{CRATE}\"\n")));
    let line = package.unwrap().lines().find(|line| line.starts_with("version = ")).unwrap();
    line.trim_start_matches("version = ").trim_matches('"').to_owned()
}

/// A project of one crate, and the rules for it.
fn crate_project(licenses: &str, databases: &str) -> Project {
    let manifest = format!(
        "[package]\nname = \"planted\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT\"\npublish = false\n\n\
         [dependencies]\n{CRATE} = \"={}\"\n",
        version()
    );
    let deny = format!(
        "[advisories]\ndb-path = \"{databases}\"\ndb-urls = [\"https://advisories.example/database\"]\n\
         git-fetch-with-cli = true\nyanked = \"allow\"\n\n[licenses]\nallow = {licenses}\nprivate = {{ ignore = true }}\n"
    );
    let project = Project::of(&[
        ("Cargo.toml", &manifest),
        ("src/lib.rs", ""),
        ("deny.toml", &deny),
        (".gitignore", "target\n"),
    ]);
    run(Command::new("cargo").args(["generate-lockfile", "--offline"]).current_dir(project.path()));
    project.commit();
    project
}

/// A database of one advisory, as a repository.
fn database(patched: &str) -> Project {
    let advisory = format!(
        "```toml\n[advisory]\nid = \"RUSTSEC-2099-0001\"\npackage = \"{CRATE}\"\ndate = \"2099-01-01\"\n\n\
         [versions]\npatched = [\"{patched}\"]\n```\n\n# Planted\n\nWords.\n"
    );
    Project::of(&[(&format!("crates/{CRATE}/RUSTSEC-2099-0001.md"), &advisory)])
}

fn scan_crates(project: &Project, database: &Project) -> super::project::Output {
    let mirror = format!("url.file://{}.insteadOf", database.path().display());
    let variables = [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", mirror.as_str()),
        ("GIT_CONFIG_VALUE_0", "https://advisories.example/database"),
        // Nothing else of this scan is asked from outside.
        ("GOVULNDB", "http://127.0.0.1:1"),
        ("PIP_AUDIT_OSV_URL", "http://127.0.0.1:1"),
    ];
    project.scan_in(&["dependencies"], &variables)
}

#[test]
fn crates_with_advisory_or_wrong_licence_are_found() {
    let databases = tempfile::tempdir().unwrap();
    let below = |name: &str| databases.path().join(name).to_str().unwrap().to_owned();
    let project = crate_project("[\"MIT\"]", &below("patched"));
    scan_crates(&project, &database(">= 1.0.0")).assert_clean();
    let project = crate_project("[\"MIT\"]", &below("open"));
    let output = scan_crates(&project, &database(">= 99.0.0"));
    output.assert_found("Cargo.lock", "RUSTSEC-2099-0001");
    output.assert_number(1);
    let project = crate_project("[\"ISC\"]", &below("licences"));
    scan_crates(&project, &database(">= 1.0.0")).assert_found("Cargo.lock", "rejected");
}

#[test]
fn unreachable_advisories_are_reported_as_incomplete() {
    let databases = tempfile::tempdir().unwrap();
    let project = crate_project("[\"MIT\"]", databases.path().to_str().unwrap());
    let nowhere = databases.path().join("nowhere").display().to_string();
    let mirror = format!("url.file://{nowhere}.insteadOf");
    let variables = [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", mirror.as_str()),
        ("GIT_CONFIG_VALUE_0", "https://advisories.example/database"),
        ("GOVULNDB", "http://127.0.0.1:1"),
        ("PIP_AUDIT_OSV_URL", "http://127.0.0.1:1"),
    ];
    project.write("go.mod", "module example.org/planted\n\ngo 1.24\n");
    project.write("main.go", "package main\n\nfunc main() {}\n");
    let output = project.scan_in(&["dependencies"], &variables);
    output.assert_clean();
    assert_eq!(output.text.matches("not looked at: ").count(), 3, "{}", output.text);
    let output = project.scan_in(&["dependencies", "--complete"], &variables);
    assert_eq!(output.code, Some(1), "{}", output.text);
    assert!(output.text.contains("3 tools could not look"), "{}", output.text);
}

#[test]
fn used_go_package_with_an_advisory_is_found() {
    let databases = tempfile::tempdir().unwrap();
    let project = crate_project("[\"MIT\"]", databases.path().to_str().unwrap());
    project.write("tool/go.mod", "module example.org/planted\n\ngo 1.24\n");
    project.write("tool/main.go", "package main\n\nimport _ \"encoding/json\"\n\nfunc main() {}\n");
    let go = |used: &str| {
        let database = go_database(used);
        let url = format!("file://{}", database.path().display());
        let output = project
            .scan_in(&["dependencies"], &[("GOVULNDB", &url), ("PIP_AUDIT_OSV_URL", "http://127.0.0.1:1")]);
        drop(database);
        output
    };
    go("net/http").assert_clean();
    go("encoding/json").assert_found("tool/go.mod", "GO-2099-0001");
}

/// Makes a database with one advisory about a package of the standard library, in the layout of Go's own.
fn go_database(package: &str) -> Project {
    let advisory = format!(
        r#"{{ "schema_version": "1.3.1", "id": "GO-2099-0001", "modified": "2024-01-01T00:00:00Z", "published": "2024-01-01T00:00:00Z",
          "details": "Planted.", "affected": [{{ "package": {{ "name": "stdlib", "ecosystem": "Go" }},
          "ranges": [{{ "type": "SEMVER", "events": [{{ "introduced": "0" }}, {{ "fixed": "99.0.0" }}] }}],
          "ecosystem_specific": {{ "imports": [{{ "path": "{package}" }}] }} }}] }}"#
    );
    let modules = r#"[{ "path": "stdlib", "vulns": [{ "id": "GO-2099-0001", "modified": "2024-01-01T00:00:00Z", "fixed": "99.0.0" }] }]"#;
    Project::of(&[
        ("ID/GO-2099-0001.json", &advisory),
        ("index/db.json", r#"{ "modified": "2024-01-01T00:00:00Z" }"#),
        ("index/modules.json", modules),
        ("index/vulns.json", r#"[{ "id": "GO-2099-0001", "modified": "2024-01-01T00:00:00Z" }]"#),
    ])
}

#[test]
fn a_python_package_with_an_advisory_is_found() {
    let databases = tempfile::tempdir().unwrap();
    let project = crate_project("[\"MIT\"]", databases.path().to_str().unwrap());
    let python = |vulnerable: &'static str| {
        let url = osv_service(vulnerable);
        project.scan_in(&["dependencies"], &[("PIP_AUDIT_OSV_URL", &url), ("GOVULNDB", "http://127.0.0.1:1")])
    };
    python("none-of-ours").assert_clean();
    python("semgrep").assert_found("xtask/src/tools", "PYSEC-2099-1");
}

/// Answers as OSV's service does: one advisory about one package. Lasts as long as the test's process.
fn osv_service(vulnerable: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/query", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            // A client that goes away has had its answers.
            std::thread::spawn(move || while answer(&connection, vulnerable).is_some() {});
        }
    });
    url
}

/// Nothing once the client has gone.
fn answer(connection: &TcpStream, vulnerable: &str) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut question = vec![0; length];
    reader.read_exact(&mut question).ok()?;
    let is_it = String::from_utf8_lossy(&question).contains(&format!("\"name\": \"{vulnerable}\""));
    let body = if is_it {
        format!(
            r#"{{ "vulns": [{{ "id": "PYSEC-2099-1", "summary": "Planted.", "affected":
              [{{ "package": {{ "name": "{vulnerable}", "ecosystem": "PyPI" }}, "versions": [] }}] }}] }}"#
        )
    } else {
        "{}".to_owned()
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut writer = connection;
    writer.write_all((head + &body).as_bytes()).ok()
}
