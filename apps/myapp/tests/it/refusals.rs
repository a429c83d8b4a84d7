//! Invalid input: one clear sentence for each error, all at once, and no listener is bound.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::tempdir;

use crate::process::{refusal, run};

/// Returns the one line that rejects `value` for `key`; it is the same for every source.
fn told(key: &str, value: &str) -> String {
    let (code, lines) = refusal(&[], &[(key, value)]);
    assert_eq!(code, Some(64), "{key}={value:?}: {lines:?}");
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[test]
fn bad_value_refusal_states_expected_form() {
    for value in ["0", "-1", "1e3", " 5", "99999999999999999999", ""] {
        let expected = "myapp: MAX_CONNECTIONS: must be a whole number from 1 to 1000 (from environment)";
        assert_eq!(told("MAX_CONNECTIONS", value), expected);
    }
    assert!(
        told("LOG_LEVEL", "verbose").contains("must be trace, debug, info, warn, warning, error or critical")
    );
    for value in ["//x", "no-slash", "/a/../b", "javascript:x"] {
        let line = told("API_BASE_URL", value);
        assert!(line.contains("must be a path such as / or /api") && !line.contains(value), "{line}");
    }
    assert!(told("API_BASE_URL", "/a\nb").contains("contains a line break at character 3"));
    assert!(told("API_BASE_URL", "/readyz/x").contains("must not begin with the name of a route"));
}

#[test]
fn refused_database_url_names_only_faulty_parts() {
    let url = "postgres://app:hush@db.example/app?options=x";
    let (code, lines) = refusal(&["check"], &[("DATABASE_URL", url), ("DB_PASSWORD", "hush")]);
    assert_eq!((code, lines.len()), (Some(64), 1), "{lines:?}");
    let line = &lines[0];
    let parts = "with ?sslmode=verify-full: it contains a password, which DB_PASSWORD is for; parameter 1 of the query is \
        not known: sslmode and sslrootcert are; sslmode is missing; beyond loopback it must be verify-full (from environment)";
    assert!(line.ends_with(parts) && !line.contains("hush"), "{line}");
    assert!(told("DATABASE_URL", "").contains("it is empty: leave it out"));
    assert!(told("DATABASE_URL", "sqlite://data.db").contains("without //, as in sqlite:data.db"));
}

#[test]
fn all_bad_settings_are_reported_one_per_line() {
    let settings = [("MAX_CONNECTIONS", "0"), ("LOG_LEVEL", "verbose"), ("API_BASE_URL", "//x")];
    let (code, lines) = refusal(&["--listen", "0.0.0.0:0"], &settings);
    assert_eq!(code, Some(64));
    let keys: Vec<&str> = lines.iter().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(keys, ["API_BASE_URL", "LOG_LEVEL", "MAX_CONNECTIONS", "SECRET_KEY"]);
}

#[test]
fn a_key_is_made_up_on_loopback_only() {
    let line = "myapp: SECRET_KEY: is required and not given; set the environment variable SECRET_KEY";
    for flag in ["--listen", "--admin-listen"] {
        assert_eq!(refusal(&["check", flag, "0.0.0.0:0"], &[]), (Some(64), vec![line.to_owned()]));
    }
    assert_eq!(run(&["check"], &[]).status.code(), Some(0));
    assert_eq!(run(&["check", "--listen", "[::1]:0"], &[]).status.code(), Some(0));
}

#[test]
fn a_server_without_password_is_refused() {
    let (code, lines) = refusal(&["check"], &[("DATABASE_URL", "postgres://app@localhost/app")]);
    let expected = "myapp: DB_PASSWORD: is required, since DATABASE_URL names a server; \
        set the environment variable DB_PASSWORD";
    assert_eq!((code, lines), (Some(64), vec![expected.to_owned()]));
}

#[test]
fn mounted_file_problems_are_reported_with_paths() {
    let directory = tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    file("config/LOG_LEVEL", &[0xff]);
    file("config/SECRET_KEY", b"hush-hush");
    file("config/MAX_CONNECTIONS", &[b'1'; 2 << 20]);
    file("config/LOGLEVEL", b"info");
    file("secrets/DB_PASSWORD", b"hush\0hush");
    std::fs::create_dir(directory.path().join("config/API_BASE_URL")).unwrap();
    symlink("nowhere", directory.path().join("config/DATABASE_URL")).unwrap();

    let (code, lines) = refusal(&["check", "--config-dir", directory.path().to_str().unwrap()], &[]);
    let at = |name: &str| format!("(from file {})", directory.path().join(name).display());
    let expected = [
        format!("myapp: API_BASE_URL: is a directory where a file should be {}", at("config/API_BASE_URL")),
        format!("myapp: DATABASE_URL: is a dangling link {}", at("config/DATABASE_URL")),
        format!("myapp: DB_PASSWORD: contains a NUL at character 5 {}", at("secrets/DB_PASSWORD")),
        format!("myapp: LOG_LEVEL: is not UTF-8 text {}", at("config/LOG_LEVEL")),
        format!(
            "myapp: MAX_CONNECTIONS: is a file of more than 65536 bytes {}",
            at("config/MAX_CONNECTIONS")
        ),
        format!(
            "myapp: SECRET_KEY: is a secret and must not be in config/; mount it from a Secret below secrets/ {}",
            at("config/SECRET_KEY")
        ),
    ];
    assert_eq!((code, lines), (Some(64), expected.to_vec()));
}

#[test]
fn missing_mounted_key_names_variable_and_file() {
    let directory = tempdir().unwrap();
    let path = directory.path().display();
    let (code, lines) = refusal(&["check", "--config-dir", directory.path().to_str().unwrap()], &[]);
    let expected = format!(
        "myapp: SECRET_KEY: is required and not given; set the environment variable SECRET_KEY, \
        or mount it as {path}/secrets/SECRET_KEY"
    );
    assert_eq!((code, lines), (Some(64), vec![expected]));
}

#[test]
fn unknown_mounted_key_is_noted_not_refused() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("LOGLEVEL"), "info").unwrap();
    std::fs::write(directory.path().join("SECRET_KEY"), "hush").unwrap();
    let output = run(&["check", "--config-dir", directory.path().to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    let path = directory.path().join("LOGLEVEL");
    let note = format!("unknown setting ignored: {}, did you mean LOG_LEVEL?", path.display());
    assert!(said.contains(&note), "{said}");
}

/// Root may read every file, so the process runs as `nobody` if the test runs as root.
#[test]
fn unreadable_file_is_reported_as_permission_denied() {
    let directory = tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let binary = directory.path().join("myapp-copy");
    std::fs::copy(env!("CARGO_BIN_EXE_myapp"), &binary).unwrap();
    let key = directory.path().join("mount/SECRET_KEY");
    std::fs::create_dir(key.parent().unwrap()).unwrap();
    std::fs::write(&key, "hush").unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o000)).unwrap();

    let mut command = Command::new(binary);
    command.env_clear().arg("check").arg("--config-dir").arg(key.parent().unwrap());
    let is_root = std::fs::read("/proc/self/status")
        .is_ok_and(|status| String::from_utf8_lossy(&status).contains("\nUid:\t0\t"));
    if is_root {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.starts_with("myapp: SECRET_KEY: cannot be read: Permission denied"), "{said}");
    assert!(!said.contains("required"), "one cause, one line: {said}");
}

#[test]
fn taken_ports_are_reported_by_listener_and_address() {
    let taken = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
    let [public, admin] = taken.each_ref().map(|listener| listener.local_addr().unwrap().to_string());
    let data = tempdir().unwrap();
    let arguments = [
        "--listen",
        &public,
        "--admin-listen",
        &admin,
        "--operator-listen",
        "127.0.0.1:0",
        "--data-dir",
        data.path().to_str().unwrap(),
    ];
    let (code, lines) = refusal(&arguments, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("public") && lines[0].contains(&public), "{lines:?}");
    assert!(lines[1].contains("admin") && lines[1].contains(&admin), "{lines:?}");
}

#[test]
fn unwritable_data_directory_is_reported_with_path() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    let ports = ["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"];
    for path in [below.as_path(), Path::new("/proc/none")] {
        let mut arguments = ports.to_vec();
        arguments.extend(["--data-dir", path.to_str().unwrap()]);
        let (code, lines) = refusal(&arguments, &[]);
        assert_eq!((code, lines.len()), (Some(1), 1), "{lines:?}");
        let expected = format!("myapp: data directory {} cannot be written: ", path.display());
        assert!(lines[0].starts_with(&expected) && lines[0].contains("--data-dir"), "{lines:?}");
    }
}

#[test]
fn bad_flags_exit_with_code_64() {
    for arguments in [
        &["--operator-listen", "0.0.0.0:9091"][..],
        &["--drain-min", "5"],
        &["--listen", "somewhere"],
        &["--no-such-flag"],
        &["verify"],
    ] {
        let (code, lines) = refusal(arguments, &[]);
        assert_eq!(code, Some(64), "{arguments:?}: {lines:?}");
        assert!(lines[0].starts_with("error: "), "{lines:?}");
    }
    let (code, lines) = refusal(&[], &[("MYAPP_EXPOSE_SECRETS", "perhaps")]);
    assert_eq!(code, Some(64), "{lines:?}");
}
