//! A certificate that is its own authority, and its key.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// Paths of both without their endings.
pub(super) struct Certificate(PathBuf);

impl Certificate {
    pub(super) fn make(folder: &Path, name: &str, host: &str) -> Self {
        let made = Self(folder.join(name));
        let output = Command::new("openssl")
            .args(["req", "-x509", "-days", "2", "-noenc", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-subj", "/CN=test", "-addext"])
            .arg(format!("subjectAltName=DNS:{host}"))
            .args(["-keyout", &made.path("key"), "-out", &made.path("crt")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        made
    }

    pub(super) fn path(&self, end: &str) -> String {
        self.0.with_extension(end).to_str().unwrap().to_owned()
    }

    /// Content of a Secret of the type `kubernetes.io/tls`.
    pub(super) fn secret(&self) -> Value {
        let read = |end: &str| std::fs::read_to_string(self.path(end)).unwrap();
        json!({ "tls.crt": read("crt"), "tls.key": read("key") })
    }
}
