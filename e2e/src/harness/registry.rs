//! A registry on this machine's loopback: the real one that Debian packages.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::wait::DEADLINE;

/// Text that the registry logs once it listens, before the address that the system chose.
const LISTENING: &str = "listening on ";

/// A running registry, which ends when dropped.
pub struct Registry {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Registry {
    /// Starts one that lets everyone in.
    pub fn open() -> Self {
        Self::start(None)
    }

    /// Starts one that lets in only whom a line of `htpasswd` names, with the password's bcrypt hash.
    pub fn of(htpasswd: &str) -> Self {
        Self::start(Some(htpasswd))
    }

    /// Host and port, as names of images have them.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn start(htpasswd: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            path
        };
        let mut config = json!({
            "version": 0.1,
            "log": { "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": folder.path().join("data") } },
            "http": { "addr": "127.0.0.1:0" },
        });
        if let Some(htpasswd) = htpasswd {
            let users = file("htpasswd", htpasswd);
            config["auth"] = json!({ "htpasswd": { "realm": "test", "path": users } });
        }
        // JSON is YAML as well.
        let config = file("config.yml", &config.to_string());
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| {
            panic!("{command:?} cannot be started ({error}); `cargo xtask test registry --install` gets it")
        });
        let log = process.stderr.take().map(BufReader::new);
        let (found, address) = mpsc::channel();
        // Reads to the end, since a registry that cannot write its log would stop.
        std::thread::spawn(move || {
            for line in log.into_iter().flat_map(BufReader::lines).map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    found.send(address).ok();
                }
            }
        });
        match address.recv_timeout(DEADLINE) {
            Ok(address) => Self { process, address, _folder: folder },
            Err(error) => {
                process.kill().ok();
                process.wait().ok();
                panic!("the registry did not say where it listens: {error}");
            }
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(LISTENING)?;
    rest.split(['"', ' ']).next()?.parse().ok()
}

/// Record of a release's push: the references of its images and chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// `published.json`.
    pub document: Value,
}

impl Published {
    /// Reads the record in `folder`.
    pub fn read(folder: &std::path::Path) -> Self {
        let path = folder.join("published.json");
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { document: serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{error}")) }
    }

    /// Reference of `image`, `chart` or `confpath`, pinned by its digest.
    pub fn reference(&self, part: &str) -> String {
        let text = |key: &str| self.document[part][key].as_str().unwrap_or_default();
        format!("{}@{}", text("repository"), text("digest"))
    }
}

#[cfg(test)]
mod tests {
    use super::address_in;

    #[test]
    fn registry_address_is_read_from_log_line() {
        let line = r#"time="2026" level=info msg="listening on 127.0.0.1:40123" version=2.8.2"#;
        assert_eq!(address_in(line).unwrap().port(), 40123);
        assert_eq!(address_in(r#"msg="redis not configured""#), None);
    }
}
