//! The description of a service's repository, `confpath.json`: where the contract is, and what is generated from it.

use std::path::{Component, Path, PathBuf};

use contract::generate::terraform::Defaults;
use serde::Deserialize;

use crate::input::{self, Unusable};
use crate::origin::{Origin, Problem};

/// Name of the description where no flag gives another.
pub(crate) const FILE_NAME: &str = "confpath.json";

/// A description. Paths are relative to the folder that holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Project {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    /// Name of the service.
    pub(crate) service: String,
    /// The contract.
    pub(crate) contract: PathBuf,
    /// Folder of the Helm chart.
    pub(crate) chart: Option<PathBuf>,
    /// The Terraform module.
    pub(crate) terraform: Option<Terraform>,
    /// The settings for people, in Markdown.
    pub(crate) document: Option<PathBuf>,
    /// The admission policy.
    pub(crate) policy: Option<PathBuf>,
    /// The Dockerfile, for the label with the contract's digest.
    pub(crate) dockerfile: Option<PathBuf>,
    /// The workflow of GitHub Actions that checks pull requests.
    pub(crate) workflow: Option<Workflow>,
    /// Typed readers.
    #[serde(default)]
    pub(crate) readers: Vec<Reader>,
    /// Where and how the service is deployed.
    #[serde(default)]
    pub(crate) deploy: Deploy,
}

/// The deployment of a service, where no flag says otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Deploy {
    /// Name of the release; that of the service by default.
    pub(crate) release: Option<String>,
    /// Namespace of the release; `default` by default.
    pub(crate) namespace: Option<String>,
    /// Context of the kubeconfig.
    pub(crate) context: Option<String>,
    /// Folder of the Terraform root that applies the release.
    pub(crate) environment: Option<PathBuf>,
    /// Folder for a saved plan.
    pub(crate) plan: Option<PathBuf>,
    /// Keys of the Secret that a deploy by Helm makes.
    pub(crate) secrets: Vec<String>,
    /// Command that prints secrets as JSON.
    pub(crate) secrets_from: Option<String>,
    /// Values of the chart, beside its settings, that are compared and never shown, with all values below them.
    pub(crate) hidden_values: Vec<String>,
}

/// A Terraform module.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terraform {
    /// Folder of the module.
    pub(crate) directory: PathBuf,
    /// Defaults of its inputs, as text by setting, where they are not the contract's.
    #[serde(default)]
    pub(crate) defaults: Defaults,
}

/// A workflow of GitHub Actions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workflow {
    /// The file.
    pub(crate) path: PathBuf,
    /// The image with `confpath`, best by its digest.
    pub(crate) image: String,
}

/// A typed reader in one language.
#[derive(Debug, Deserialize)]
#[serde(tag = "language", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Reader {
    Python { path: PathBuf },
    Typescript { path: PathBuf },
    Go { path: PathBuf, package: String },
    Java { path: PathBuf, package: String },
}

impl Reader {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Python { path } | Self::Typescript { path } => path,
            Self::Go { path, .. } | Self::Java { path, .. } => path,
        }
    }
}

impl Project {
    /// Reads a description.
    ///
    /// # Errors
    /// Every problem of the file.
    pub(crate) fn read(path: &Path) -> Result<Self, Unusable> {
        let bytes =
            input::read(path).map_err(|reason| Unusable::Unreadable(Problem::of_file(path, reason)))?;
        let project: Self = serde_json::from_slice(&bytes).map_err(|error| {
            let origin = Origin::line(path, error.line().max(1));
            Unusable::Wrong(vec![Problem::new("the description", error.to_string(), Some(origin))])
        })?;
        let problems = project.problems(path);
        if problems.is_empty() { Ok(project) } else { Err(Unusable::Wrong(problems)) }
    }

    fn problems(&self, path: &Path) -> Vec<Problem> {
        let problem =
            |field: &str, message: String| Problem::new(field, message, Some(Origin::File(path.to_owned())));
        let mut problems = Vec::new();
        if !is_service_name(&self.service) {
            problems.push(problem("service", SERVICE_NAME.into()));
        }
        if self.workflow.as_ref().is_some_and(|workflow| !is_image(&workflow.image)) {
            problems.push(problem("workflow", format!("image {IMAGE_REFERENCE}")));
        }
        let paths = [
            ("contract", Some(&self.contract)),
            ("chart", self.chart.as_ref()),
            ("terraform", self.terraform.as_ref().map(|terraform| &terraform.directory)),
            ("document", self.document.as_ref()),
            ("policy", self.policy.as_ref()),
            ("dockerfile", self.dockerfile.as_ref()),
            ("workflow", self.workflow.as_ref().map(|workflow| &workflow.path)),
        ];
        let targets = paths.into_iter().filter_map(|(field, path)| Some((field, path?.as_path())));
        let targets = targets.chain(self.readers.iter().map(|reader| ("readers", reader.path())));
        let mut seen = std::collections::BTreeMap::new();
        for (field, target) in targets {
            let is_inside = target.components().all(|part| matches!(part, Component::Normal(_)));
            if !is_inside || target.as_os_str().is_empty() {
                let message = format!(
                    "{} must be a path below the folder of {FILE_NAME}, without ..",
                    target.display()
                );
                problems.push(problem(field, message));
            }
            if let Some(other) = seen.insert(target, field) {
                problems.push(problem(field, format!("{} is also {other}", target.display())));
            }
        }
        problems
    }
}

/// The sentence on a reference to an image that is none.
pub(crate) const IMAGE_REFERENCE: &str = "must be a reference such as registry.example.com/confpath:1.0.0";

/// Returns true for a reference that a workflow may hold.
pub(crate) fn is_image(image: &str) -> bool {
    image.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@".contains(c)) && !image.is_empty()
}

/// The sentence on a name that is none of a service.
pub(crate) const SERVICE_NAME: &str =
    "must be a name as Kubernetes takes it: lower-case letters, digits and -, at most 53 characters";

/// Returns true for a label of DNS (RFC 1123) that leaves room for the names of objects: at most 53 characters, as Helm's releases.
pub(crate) fn is_service_name(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 53
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(is_inner)
}
