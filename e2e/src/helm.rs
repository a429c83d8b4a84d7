//! Renders the chart with the real Helm, as a user's command line would.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize as _;
use serde_json::Value;

/// Reason for which there are no objects.
#[derive(Debug, thiserror::Error)]
pub enum HelmError {
    #[error("helm cannot be started: install it, or run the tests with `cargo xtask test chart --install`")]
    Missing(#[source] std::io::Error),
    #[error("helm was started, but talking to it failed")]
    Pipe(#[source] std::io::Error),
    /// Helm's own words: its schema errors, the chart's refusals, or a broken template.
    #[error("helm refused: {0}")]
    Refused(String),
    #[error("helm printed YAML that cannot be read")]
    Yaml(#[source] serde_norway::Error),
}

/// Values as given on one command line, in Helm's order of strength: files and the document first, then `--set` and its kin.
#[derive(Debug, Clone, Default)]
pub struct Values {
    arguments: Vec<OsString>,
    document: Option<Value>,
}

impl Values {
    /// The chart's own defaults and nothing else.
    pub fn none() -> Self {
        Self::default()
    }

    /// The least that renders: the defaults and a secret key.
    pub fn minimal() -> Self {
        Self::none().set("config.SECRET_KEY", "xyz")
    }

    /// Adds a values file (`-f`).
    #[must_use]
    pub fn file(self, path: &Path) -> Self {
        self.argument("--values", path)
    }

    /// Gives values as a values file would, where every number is a float to Helm. Replaces a document given before.
    #[must_use]
    pub fn document(mut self, document: Value) -> Self {
        self.document = Some(document);
        self
    }

    /// Adds `--set path=value`: Helm makes whole numbers, booleans and null of texts that look like them.
    #[must_use]
    pub fn set(self, path: &str, value: &str) -> Self {
        self.argument("--set", format!("{path}={value}"))
    }

    /// Adds `--set-string path=value`: always a text.
    #[must_use]
    pub fn set_string(self, path: &str, value: &str) -> Self {
        self.argument("--set-string", format!("{path}={value}"))
    }

    /// Adds `--set-file path=file`: the file's bytes, whatever they are.
    #[must_use]
    pub fn set_file(self, path: &str, file: &Path) -> Self {
        let mut argument = OsString::from(format!("{path}="));
        argument.push(file);
        self.argument("--set-file", argument)
    }

    fn argument(mut self, flag: &str, value: impl Into<OsString>) -> Self {
        self.arguments.push(flag.into());
        self.arguments.push(value.into());
        self
    }
}

/// Command of Helm 4, which everything but a comparison uses.
const HELM: &str = "helm";
/// Command of Helm 3, as the pinned tools name it.
const HELM_3: &str = "helm3";
/// Version of Kubernetes that Helm 3 renders for: built from its module it would take 1.20, which the chart refuses.
const KUBERNETES_OF_HELM_3: &str = "--kube-version=1.34";

/// A release of a chart that is rendered and never installed.
#[derive(Debug, Clone)]
pub struct Release {
    pub name: String,
    pub namespace: String,
    pub chart: PathBuf,
    program: &'static str,
}

impl Release {
    /// A release of this repository's chart in the namespace `default`.
    pub fn named(name: &str) -> Self {
        Self::of_chart(name, chart_dir())
    }

    /// A release of another chart in the namespace `default`.
    pub fn of_chart(name: &str, chart: PathBuf) -> Self {
        Self { name: name.to_owned(), namespace: "default".to_owned(), chart, program: HELM }
    }

    /// The same release, rendered by Helm 3.
    #[must_use]
    pub fn by_helm_3(self) -> Self {
        Self { program: HELM_3, ..self }
    }

    /// The objects that `helm template` renders, in its order.
    ///
    /// # Errors
    /// When Helm is missing, refuses the values, or prints something that is not YAML.
    pub fn render(&self, values: &Values) -> Result<Vec<Value>, HelmError> {
        parse_documents(&self.render_text(values)?)
    }

    /// The text that `helm template` prints.
    ///
    /// # Errors
    /// Helm is missing or refuses the values.
    pub fn render_text(&self, values: &Values) -> Result<String, HelmError> {
        self.helm(&["template"], values)
    }

    /// Notes that `helm install` prints, from a dry run that contacts no cluster.
    ///
    /// # Errors
    /// Helm is missing or refuses the values.
    pub fn notes(&self, values: &Values) -> Result<String, HelmError> {
        let printed = self.helm(&["install", "--dry-run=client"], values)?;
        Ok(printed.split_once("\nNOTES:\n").map(|(_, notes)| notes.to_owned()).unwrap_or_default())
    }

    fn helm(&self, command: &[&str], values: &Values) -> Result<String, HelmError> {
        let mut helm = Command::new(self.program);
        helm.args(command)
            .args(["--namespace", &self.namespace, &self.name])
            .arg(&self.chart)
            .args(&values.arguments);
        if values.document.is_some() {
            helm.args(["--values", "-"]);
        }
        if self.program == HELM_3 {
            helm.arg(KUBERNETES_OF_HELM_3);
        }
        run(helm, values.document.as_ref())
    }
}

/// Runs `helm lint --strict` over this repository's chart and returns its report.
///
/// # Errors
/// When Helm is missing or finds a fault.
pub fn lint(values: &Values) -> Result<String, HelmError> {
    let mut helm = Command::new(HELM);
    helm.args(["lint", "--strict"]).arg(chart_dir()).args(&values.arguments);
    run(helm, None)
}

/// Folder of this repository's chart.
pub fn chart_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/myapp")
}

fn run(mut helm: Command, stdin: Option<&Value>) -> Result<String, HelmError> {
    helm.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = helm.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(HelmError::Missing)?;
    // Dropping the pipe at the end of the statement marks the end of the document for Helm.
    if let (Some(document), Some(mut pipe)) = (stdin, child.stdin.take()) {
        pipe.write_all(yaml_safe(&document.to_string()).as_bytes()).map_err(HelmError::Pipe)?;
    }
    let output = child.wait_with_output().map_err(HelmError::Pipe)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    // Both streams: what must not leak must be in neither.
    Err(HelmError::Refused(printed + &String::from_utf8_lossy(&output.stderr)))
}

/// Escapes what JSON allows unescaped in a text and YAML does not: control characters, marks, and line breaks that YAML would fold.
fn yaml_safe(json: &str) -> String {
    let escape = |character: char| match character {
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
            format!("\\u{:04x}", u32::from(character))
        }
        _ => character.to_string(),
    };
    json.chars().map(escape).collect()
}

fn parse_documents(text: &str) -> Result<Vec<Value>, HelmError> {
    serde_norway::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).map_err(HelmError::Yaml))
        .filter(|object| !matches!(object, Ok(Value::Null)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::yaml_safe;

    #[test]
    fn every_character_survives_yaml_reader() {
        let all: String = ('\0'..='\u{ffff}').chain(['\u{1f600}', '\u{10ffff}']).collect();
        let document = json!({ "text": all });
        let read: serde_json::Value = serde_norway::from_str(&yaml_safe(&document.to_string())).unwrap();
        assert_eq!(read, document);
    }
}
