//! The real binary: sources in; verdict, output and exit code out.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot set its scene fails")]

mod contract_schema;
mod contracts;
mod delivery;
mod deploy;
mod diff;
mod diff_order;
mod diff_output;
mod doors;
mod env_files;
mod generate;
mod image;
mod import;
mod init;
mod install;
mod manifests;
mod output;
#[cfg(target_os = "linux")]
mod run;
mod same_verdict;
mod values;
mod verify;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use proptest::prelude::ProptestConfig;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Properties of which each case starts a process or a few. `PROPTEST_CASES` asks for more.
fn few_cases() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    ProptestConfig { cases: if asked { default.cases } else { 60 }, ..default }
}

/// A value of a secret that is found wherever it is printed.
const MARKED: &str = "marked-7f3a-hush";

/// A folder with a contract and files, and calls of the binary in it.
struct Scene {
    folder: TempDir,
}

impl Scene {
    /// A scene with a contract of one setting of each of three kinds, and two secrets.
    fn new() -> Self {
        Self::with_contract(&json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "required": ["PORT", "TOKEN"],
            "properties": {
                "PORT": { "type": "integer", "minimum": 1, "maximum": 65535 },
                "LOG_LEVEL": { "type": "string", "enum": ["info", "debug"], "default": "info" },
                "PROXY_URL": { "type": "string", "x-conceal": true },
                "TOKEN": { "type": "string", "x-secret": true, "minLength": 3, "maxLength": 20 },
                "DB_PASSWORD": {
                    "type": "string", "x-secret": true,
                    "x-required-when": { "key": "LOG_LEVEL", "pattern": "^debug$", "because": "LOG_LEVEL is debug" },
                },
            },
        }))
    }

    fn with_contract(contract: &Value) -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        scene.write("contract.json", serde_json::to_string_pretty(contract).unwrap());
        scene
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Calls `confpath check --contract contract.json` with `flags`, separated by blanks, and with no variables but these.
    fn check_with(&self, flags: &str, variables: &[(&str, &str)]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_confpath"));
        command.current_dir(self.path()).args(["check", "--contract", "contract.json"]);
        command.args(flags.split(' ')).env_clear().envs(variables.iter().copied());
        Run(command.output().unwrap())
    }

    fn check(&self, flags: &str) -> Run {
        self.check_with(flags, &[])
    }

    /// Calls `confpath` with words, separated by blanks.
    fn call(&self, words: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_confpath"));
        command.current_dir(self.path()).args(words.split(' ')).env_clear();
        Run(command.output().unwrap())
    }

    /// Calls `confpath diff` with `flags`, separated by blanks.
    fn diff(&self, flags: &str) -> Run {
        self.call(&format!("diff {flags}"))
    }

    /// The comparison of `old.yaml` with `new.yaml` as JSON, with the exit code. Files beside `contract.json` are of one side.
    fn compare(&self, old: &str, new: &str) -> (i32, Value) {
        self.write("old.yaml", old);
        self.write("new.yaml", new);
        let side = |name: &str| {
            if self.path().join(name).exists() { name.to_owned() } else { "contract.json".into() }
        };
        let (old, new) = (side("old.json"), side("new.json"));
        let run = self.diff(&format!(
            "--old-contract {old} --new-contract {new} --old old.yaml --new new.yaml --output json"
        ));
        (run.code(), serde_json::from_str(&run.stdout()).unwrap())
    }

    /// The verdict as JSON, with the exit code.
    fn report(&self, flags: &str) -> (i32, Value) {
        let run = self.check(&format!("{flags} --output json"));
        (run.code(), serde_json::from_str(&run.stdout()).unwrap())
    }
}

/// A call that has ended.
struct Run(Output);

impl Run {
    fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    /// The lines on standard error, without the program's name.
    fn problems(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.stderr.clone()).unwrap();
        text.lines().map(|line| line.strip_prefix("confpath: ").unwrap_or(line).to_owned()).collect()
    }
}

/// Writes an executable file by a process of its own: one that this process has open for writing is busy in every child that another
/// test starts meanwhile.
fn write_program(path: &Path, text: &str) {
    let mut install = Command::new("install");
    let mut child =
        install.args(["-m", "755", "/dev/stdin"]).arg(path).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}
