//! Runs Terraform on a copy of this repository's modules.

#![expect(clippy::expect_used, clippy::panic, reason = "a harness ends its test with a sentence")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The folder with the providers, or with substitutes that have their schemas.
pub const PROVIDERS_VARIABLE: &str = "E2E_TERRAFORM_PROVIDERS";

const PROVIDER_DID_NOT_START: &str = "timeout while waiting for plugin to start";

/// Heap growth in percent before Go collects garbage again, in Terraform and in the providers that it starts. Schemas fill the heap of
/// processes that live for seconds; Go's default of 100 takes a quarter more of the processors' time.
const GARBAGE_COLLECTION: &str = "400";

/// For calls that take no inputs.
pub const NO_INPUTS: &[(&str, &str)] = &[];

/// A folder below `terraform/`, copied, so that Terraform may leave there what it likes.
pub struct Root {
    folder: TempDir,
    path: PathBuf,
    environment: Vec<(&'static str, String)>,
}

/// Exit code and output of a Terraform command.
pub struct Outcome {
    /// Exit code; with `plan -detailed-exitcode` 0 means no change, and 2 changes.
    pub code: Option<i32>,
    /// Everything printed on both streams.
    pub text: String,
}

/// Result of one run of `terraform test`.
pub struct Report {
    /// True if every test passed.
    pub passed: bool,
    /// Everything printed on both streams.
    pub text: String,
    /// The messages of errors, each with the test file it is about.
    pub errors: Vec<(String, String)>,
}

impl Root {
    /// Copies `terraform/` and initialises its folder `path`.
    ///
    /// # Panics
    /// When the providers are not named, or Terraform cannot use them.
    pub fn copy(path: &str) -> Self {
        let root = Self::copy_only(path, Vec::new());
        root.init(PROVIDERS_VARIABLE, &["-backend=false"]);
        root
    }

    /// Copies `terraform/` for commands that get these variables in their environment too. The caller runs `init`.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copy_only(path: &str, environment: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        copy_tree(&repository.join("terraform"), &folder.path().join("terraform"));
        std::os::unix::fs::symlink(repository.join("charts"), folder.path().join("charts"))
            .expect("a link of its own");
        Self { path: folder.path().join("terraform").join(path), folder, environment }
    }

    /// Runs `terraform init` with the providers in the folder that `variable` names.
    ///
    /// # Panics
    /// When the providers are not named, or Terraform cannot use them.
    pub fn init(&self, variable: &str, arguments: &[&str]) {
        let providers = std::env::var_os(variable)
            .unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask test terraform`"));
        let mut from = OsString::from("-plugin-dir=");
        from.push(providers);
        let init = run(self.terraform(&[&["init"], arguments].concat()).arg(from));
        assert!(init.status.success(), "{}", both_streams(&init));
    }

    /// A folder with this configuration, which needs no providers but Terraform's own.
    ///
    /// # Panics
    /// When Terraform refuses it.
    pub fn with_main(text: &str) -> Self {
        let root = Self::with_files(&[("main.tf", text)], Vec::new());
        root.run(&["init"], NO_INPUTS);
        root
    }

    /// A folder with these files, for commands that get these variables in their environment too. The caller runs `init`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn with_files(files: &[(&str, &str)], environment: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file of its own");
        }
        Self { path: folder.path().to_owned(), folder, environment }
    }

    /// The temporary folder with everything that Terraform was given and has written.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The copied folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes away the tests of the repository and puts `tests` in their place, each a document in a file of its own.
    ///
    /// # Panics
    /// When a file cannot be written.
    pub fn replace_tests(&self, tests: &[(String, Value)]) {
        for entry in fs::read_dir(self.path.join("tests")).expect("the repository has tests") {
            let path = entry.expect("a readable folder").path();
            if path.to_string_lossy().contains(".tftest.") {
                fs::remove_file(path).expect("a file of its own");
            }
        }
        for (name, document) in tests {
            let path = self.path.join(format!("tests/{name}.tftest.json"));
            fs::write(path, document.to_string()).expect("a file of its own");
        }
    }

    /// Runs `terraform test` with more arguments.
    ///
    /// # Panics
    /// When Terraform cannot be run.
    pub fn test(&self, arguments: &[&str]) -> Report {
        self.test_with(NO_INPUTS, arguments)
    }

    /// The same with inputs from the environment, which no message can quote as it quotes a file.
    ///
    /// # Panics
    /// When Terraform cannot be run.
    pub fn test_with<V: AsRef<OsStr>>(&self, inputs: &[(&str, V)], arguments: &[&str]) -> Report {
        let mut command = self.terraform(&[&["test", "-json"], arguments].concat());
        let output = run(command.envs(variables(inputs)));
        let text = both_streams(&output);
        let errors = text.lines().filter_map(error_in).collect();
        Report { passed: output.status.success(), text, errors }
    }

    /// Runs a command that must succeed, and returns all that it printed. Inputs go by the environment.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn run<V: AsRef<OsStr>>(&self, arguments: &[&str], inputs: &[(&str, V)]) -> String {
        let outcome = self.outcome(arguments, inputs);
        assert!(outcome.code == Some(0), "terraform {arguments:?}: {}", outcome.text);
        outcome.text
    }

    /// Runs a command that prints JSON and must succeed. What it says beside that, such as a warning, is left out.
    ///
    /// # Panics
    /// When it does not succeed, or prints something else.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.completed(arguments, NO_INPUTS);
        let text = || both_streams(&output);
        assert!(output.status.success(), "terraform {arguments:?}: {}", text());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("terraform {arguments:?}: no JSON: {error}: {}", text()))
    }

    /// The same as [`Root::run`] of a command that may end as it likes.
    ///
    /// # Panics
    /// When Terraform cannot be run.
    pub fn outcome<V: AsRef<OsStr>>(&self, arguments: &[&str], inputs: &[(&str, V)]) -> Outcome {
        let output = self.completed(arguments, inputs);
        Outcome { code: output.status.code(), text: both_streams(&output) }
    }

    fn completed<V: AsRef<OsStr>>(&self, arguments: &[&str], inputs: &[(&str, V)]) -> Output {
        let once = || run(self.terraform(arguments).envs(variables(inputs)));
        let first = once();
        // Terraform gives a provider a minute to start, which a large one can miss on a busy machine. Nothing has happened by then.
        if both_streams(&first).contains(PROVIDER_DID_NOT_START) { once() } else { first }
    }

    /// Stored data of Terraform: state, its backup, the saved plan, and the printed forms of state and plan. The plan is saved
    /// here.
    ///
    /// # Panics
    /// One of the files is missing.
    pub fn kept(&self, inputs: &[(&str, &str)]) -> Vec<(&'static str, Vec<u8>)> {
        self.run(&["plan", "-out=saved.tfplan"], inputs);
        let read =
            |file: &str| fs::read(self.path.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        vec![
            ("state", read("terraform.tfstate")),
            ("backup", read("terraform.tfstate.backup")),
            ("saved plan", read("saved.tfplan")),
            ("state as shown", self.run(&["show", "-json"], NO_INPUTS).into_bytes()),
            ("plan as shown", self.run(&["show", "-json", "saved.tfplan"], NO_INPUTS).into_bytes()),
        ]
    }

    fn terraform(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(&self.path).env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0");
        command.env("GOGC", GARBAGE_COLLECTION);
        // A log would hold the values that tests look for.
        for variable in ["TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER"] {
            command.env_remove(variable);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn variables<'a, V: AsRef<OsStr>>(inputs: &'a [(&str, V)]) -> impl Iterator<Item = (String, &'a OsStr)> {
    inputs.iter().map(|(name, value)| (format!("TF_VAR_{name}"), value.as_ref()))
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("terraform cannot be started: {error}"))
}

/// The test file and the text of an error among the events of `terraform test -json`.
fn error_in(line: &str) -> Option<(String, String)> {
    let event: Value = serde_json::from_str(line).ok()?;
    let diagnostic = event.get("diagnostic").filter(|diagnostic| diagnostic["severity"] == "error")?;
    let file = event["@testfile"].as_str().unwrap_or_default();
    let texts = [&diagnostic["summary"], &diagnostic["detail"]];
    let text: Vec<_> = texts.into_iter().filter_map(Value::as_str).collect();
    Some((file.to_owned(), text.join("\n")))
}

fn both_streams(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Text of Terraform's JSON syntax, in which nothing is a template.
pub fn literal(text: &str) -> Value {
    let text = text.replace("${", "$${").replace("%{", "%%{");
    // Terraform drops a byte order mark where a template begins; one that comes out of a template stays.
    match text.strip_prefix('\u{feff}') {
        Some(rest) => format!(r#"${{"\ufeff"}}{rest}"#).into(),
        None => text.into(),
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder of its own");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a readable folder");
        let name = entry.file_name();
        let target = to.join(&name);
        if name.to_string_lossy().starts_with(".terraform") {
            continue;
        }
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file of its own");
        }
    }
}
