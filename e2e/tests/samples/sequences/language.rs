//! The four services: the samples' own code of a reload, in a small program that tells each generation that it has read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{compile_java_sample, install_node_sample, npm, succeed};

/// Texts by their keys.
pub(super) type Texts = BTreeMap<String, String>;

pub(super) struct Language {
    /// The folder among the samples.
    pub(super) name: &'static str,
    /// The settings of the configuration with a number. Each of them differs from that of the next number.
    pub(super) texts: fn(u64) -> Texts,
    /// Settings that stay: where the agent calls the service.
    pub(super) fixed: fn(SocketAddr) -> Texts,
    /// The secret, which ends with the number.
    pub(super) secret: &'static str,
    /// A setting, and a text that the contract refuses.
    pub(super) refused: (&'static str, &'static str),
    /// Flags of the agent.
    pub(super) hooks: fn(SocketAddr) -> Vec<String>,
    /// Builds the program in a folder, and returns its command.
    pub(super) build: fn(&Path) -> Vec<OsString>,
}

impl Language {
    pub(super) fn sample(&self) -> PathBuf {
        super::sample(self.name)
    }

    /// The number of the configuration with this secret.
    pub(super) fn number(&self, texts: &Texts) -> u64 {
        texts[self.secret].rsplit('-').next().unwrap().parse().unwrap()
    }
}

/// A program of this folder.
fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/sequences").join(name)
}

fn texts<const N: usize>(texts: [(&str, String); N]) -> Texts {
    texts.into_iter().map(|(key, text)| (key.to_owned(), text)).collect()
}

fn one_of(words: &[&str], number: u64) -> String {
    words[usize::try_from(number).unwrap() % words.len()].to_owned()
}

fn calls(address: SocketAddr) -> Vec<String> {
    let url = format!("http://{address}/internal/reload");
    ["--ack", "response", "--notify", &url].map(str::to_owned).into()
}

pub(super) fn python() -> Language {
    Language {
        name: "python",
        texts: |number| {
            texts([
                ("API_BASE_URL", format!("/{number}")),
                ("DB_PASSWORD", format!("canary-password-{number}")),
                ("LOG_LEVEL", one_of(&["debug", "info", "warning", "error", "critical"], number)),
                ("MAX_CONNECTIONS", (number % 1000 + 1).to_string()),
                ("SECRET_KEY", format!("canary-key-{number}")),
            ])
        },
        fixed: |_| Texts::new(),
        secret: "SECRET_KEY",
        refused: ("LOG_LEVEL", "loud"),
        hooks: |_| ["--ack", "file", "--notify", "signal:HUP"].map(str::to_owned).into(),
        build: |_| vec!["python3".into(), program("tell.py").into()],
    }
}

pub(super) fn go() -> Language {
    Language {
        name: "go",
        texts: |number| {
            texts([
                ("DATABASE_URL", format!("postgres://user-{number}@localhost:5432/shop")),
                ("DB_PASSWORD", format!("canary-password-{number}")),
                ("LOG_LEVEL", one_of(&["debug", "info", "warn", "error"], number)),
                ("MAX_CONNECTIONS", (number % 100 + 1).to_string()),
            ])
        },
        fixed: |address| texts([("AGENT_LISTEN", address.to_string())]),
        secret: "DB_PASSWORD",
        refused: ("LOG_LEVEL", "loud"),
        hooks: calls,
        build: |folder| {
            let sample = super::sample("go").canonicalize().unwrap();
            let overlay = serde_json::json!({ "Replace": { sample.join("main.go").to_str().unwrap(): program("tell.go") } });
            fs::write(folder.join("overlay.json"), overlay.to_string()).unwrap();
            let mut go = Command::new("go");
            go.args(["build", "-overlay"])
                .arg(folder.join("overlay.json"))
                .arg("-o")
                .arg(folder.join("tell"));
            succeed(go.arg(".").current_dir(sample));
            vec![folder.join("tell").into()]
        },
    }
}

/// The settings that the samples in Node and in Java have in common.
fn greeting(name: &'static str, build: fn(&Path) -> Vec<OsString>) -> Language {
    Language {
        name,
        texts: |number| {
            texts([
                ("API_KEY", format!("canary-key-of-16-{number}")),
                ("GREETING", format!("hello number {number}")),
            ])
        },
        fixed: |address| texts([("AGENT_PORT", address.port().to_string())]),
        secret: "API_KEY",
        refused: ("API_KEY", "canary-short"),
        hooks: calls,
        build,
    }
}

pub(super) fn node() -> Language {
    greeting("node", |folder| {
        install_node_sample(folder);
        fs::copy(program("tell.ts"), folder.join("src/tell.ts")).unwrap();
        npm(folder, &["run", "build"]);
        vec!["node".into(), folder.join("dist/tell.js").into()]
    })
}

pub(super) fn java() -> Language {
    greeting("java", |folder| {
        let classes = folder.join("classes");
        compile_java_sample(&classes, Some(&program("Tell.java")));
        vec!["java".into(), "-cp".into(), classes.into(), "com.example.javaapp.Tell".into()]
    })
}
