//! An AWS for one test: `e2e/fake-aws`, on a port of its own.

#![expect(clippy::expect_used, clippy::panic, reason = "a harness ends its test with a sentence")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use tempfile::TempDir;

/// The folder with the Python packages that the fake needs.
pub const PACKAGES_VARIABLE: &str = "E2E_FAKE_AWS_PACKAGES";

/// Region of the account.
pub const REGION: &str = "eu-central-1";

/// Secret key of the callers, for tests that search for it in all output.
pub const CREDENTIAL: &str = "marked-cr3dential-52ce";

/// A running fake. It ends when dropped, and with the process that started it at the latest.
pub struct FakeAws {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    port: u16,
    folder: TempDir,
}

impl FakeAws {
    /// Starts a fake, and returns once it listens.
    ///
    /// # Panics
    /// The fake's packages are not named, or it does not start.
    pub fn start() -> Self {
        let packages = std::env::var_os(PACKAGES_VARIABLE)
            .unwrap_or_else(|| panic!("{PACKAGES_VARIABLE} is not set: run `cargo xtask test terraform`"));
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fake-aws");
        let path = std::env::join_paths([PathBuf::from(packages), own]).expect("folders without a colon");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = File::create(folder.path().join("log")).expect("a file of its own");
        let mut process = Command::new("python3")
            // No packages but those that are named: the machine's own may have other versions.
            .args(["-S", "-m", "fake_aws"])
            .env("PYTHONPATH", path)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("python3 starts");
        let requests = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut fake = Self { process, requests, answers, port: 0, folder };
        fake.port =
            fake.answer().trim().parse().unwrap_or_else(|_| panic!("it did not start: {}", fake.log()));
        fake
    }

    /// Environment variables that point the AWS provider and Terraform's S3 backend to the fake.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "fake"),
            ("AWS_SECRET_ACCESS_KEY", CREDENTIAL),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            // No profiles and no credentials of the person who runs the tests.
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_PROFILE", ""),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .into()
    }

    /// Resources beyond those of an empty account: numbers by `service.kind`.
    ///
    /// # Panics
    /// The fake does not answer.
    pub fn inventory(&mut self) -> BTreeMap<String, u64> {
        self.ask("inventory")
    }

    /// Content of Secrets Manager: each value whole, and the passwords in those that are documents.
    ///
    /// # Panics
    /// The fake does not answer.
    pub fn secrets(&mut self) -> Vec<String> {
        self.ask("secrets")
    }

    /// Failures of the fake, each once: operations that it lacks, and its own errors.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.log();
        let mut lines: Vec<_> = log.lines().filter(|line| is_complaint(line)).map(str::to_owned).collect();
        lines.sort();
        lines.dedup();
        lines
    }

    fn ask<T: DeserializeOwned>(&mut self, question: &str) -> T {
        let requests = self.requests.as_mut().expect("an open pipe");
        writeln!(requests, "{question}").expect("it listens");
        let answer = self.answer();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{question}: {answer:?}: {}", self.log()))
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("text");
        line
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        // The end of its input is its signal to end.
        drop(self.requests.take());
        self.process.wait().ok();
    }
}

/// The last line of a traceback, such as `NotImplementedError: The create_budget action has not been implemented`.
fn is_complaint(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    name.ends_with("Error") && !name.contains(' ')
}
