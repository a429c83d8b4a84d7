//! A service's deployment: what the flags and the description of its repository say of release, cluster and secrets.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::args::{ProjectArgs, ReleaseArgs};
use crate::contract_file;
use crate::input::Unusable;
use crate::project::{Deploy, FILE_NAME, Project};
use crate::refusal::{Unreadable, WrongInput};
use crate::report::text::contract_problem;

/// The namespace where none is named, as kubectl has it.
const DEFAULT_NAMESPACE: &str = "default";
/// Values of the library chart that may hold secrets.
const HIDDEN_VALUES: [&str; 1] = ["extraEnv"];

/// The description, as far as there is one. Its paths are relative to its folder.
pub(crate) struct Deployment {
    folder: PathBuf,
    service: Option<String>,
    chart: Option<PathBuf>,
    contract: Option<PathBuf>,
    pub(crate) described: Deploy,
}

/// The settings that are secret or may hold a secret by mistake.
pub(crate) struct Settings {
    contract: Option<contract::Contract>,
    hidden_values: Vec<String>,
}

impl Deployment {
    /// Reads the description that the flags name, or the one of this folder.
    ///
    /// # Errors
    /// It is named and not there, or it is wrong.
    pub(crate) fn read(args: &ProjectArgs) -> Result<Self> {
        let is_there = args.project.is_some() || Path::new(FILE_NAME).is_file();
        let path = args.project.clone().unwrap_or_else(|| FILE_NAME.into());
        let project = is_there.then(|| Project::read(&path)).transpose().map_err(unusable)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let contract = args.contract.clone();
        Ok(match project {
            None => Self { folder, service: None, chart: None, contract, described: Deploy::default() },
            Some(project) => Self {
                contract: contract.or_else(|| Some(folder.join(&project.contract))),
                service: Some(project.service),
                chart: project.chart.map(|chart| folder.join(chart)),
                described: project.deploy,
                folder,
            },
        })
    }

    /// The name of the release.
    ///
    /// # Errors
    /// Nobody names it.
    pub(crate) fn release(&self, args: &ReleaseArgs) -> Result<String> {
        let named = [&args.release, &self.described.release, &self.service].into_iter().flatten().next();
        let named = named.with_context(|| {
            format!("no release is named: give --release, or the service's name in {FILE_NAME}")
        });
        named.cloned().map_err(WrongInput::from_error)
    }

    /// The name of the service: that of the release where nobody names it.
    pub(crate) fn service(&self, named: Option<&String>, release: &str) -> String {
        named.or(self.service.as_ref()).map_or_else(|| release.to_owned(), Clone::clone)
    }

    /// The namespace of the release.
    pub(crate) fn namespace(&self, args: &ReleaseArgs) -> String {
        self.named_namespace(args).unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())
    }

    /// The namespace of the release, if anybody names it.
    pub(crate) fn named_namespace(&self, args: &ReleaseArgs) -> Option<String> {
        args.namespace.as_ref().or(self.described.namespace.as_ref()).cloned()
    }

    /// The context of the kubeconfig; `None` for the current one. A pipeline sets the variables it has nothing for to nothing.
    pub(crate) fn context(&self, named: Option<&String>) -> Option<String> {
        let named = named.filter(|context| !context.is_empty());
        named.or(self.described.context.as_ref()).cloned()
    }

    /// The chart's folder, or its name in a registry.
    pub(crate) fn chart(&self, named: Option<&String>) -> Option<String> {
        let described = || self.chart.as_ref().map(|chart| chart.display().to_string());
        named.cloned().or_else(described)
    }

    /// The folder of the Terraform root.
    pub(crate) fn environment(&self, named: Option<&PathBuf>) -> Option<PathBuf> {
        self.path(named, self.described.environment.as_ref())
    }

    /// The folder of a saved plan.
    pub(crate) fn plan(&self, named: Option<&PathBuf>) -> PathBuf {
        self.path(named, self.described.plan.as_ref()).unwrap_or_else(|| "plan".into())
    }

    /// The command that prints secrets. An empty one is none.
    pub(crate) fn secrets_from(&self, named: Option<&String>) -> Option<String> {
        let named = named.filter(|command| !command.is_empty());
        named.or(self.described.secrets_from.as_ref()).cloned()
    }

    fn path(&self, named: Option<&PathBuf>, described: Option<&PathBuf>) -> Option<PathBuf> {
        named.cloned().or_else(|| described.map(|path| self.folder.join(path)))
    }

    /// The settings of the contract.
    ///
    /// # Errors
    /// There is a contract, and it cannot be read.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let contract = self.contract.as_deref().map(contract_file::read).transpose().map_err(unusable)?;
        Ok(Settings::new(contract, &self.described.hidden_values))
    }
}

impl Settings {
    /// The settings of a contract, and values of the chart that are not shown either.
    pub(crate) fn new(contract: Option<contract::Contract>, hidden_values: &[String]) -> Self {
        let hidden_values = HIDDEN_VALUES.map(str::to_owned).into_iter().chain(hidden_values.iter().cloned());
        Self { contract, hidden_values: hidden_values.collect() }
    }

    /// The keys of the release's Secret.
    pub(crate) fn secret_keys(&self) -> impl Iterator<Item = &str> {
        let keys = self.contract.iter().flat_map(|contract| contract.keys());
        keys.filter(|key| key.secret).map(|key| key.name.as_str())
    }

    /// Returns true for a value of the chart that is compared and never shown. Without a contract that is every setting.
    pub(crate) fn is_hidden(&self, path: &str) -> bool {
        let is_below = |hidden: &String| path == hidden || path.starts_with(&format!("{hidden}."));
        if self.hidden_values.iter().any(is_below) {
            return true;
        }
        let Some(name) = path.strip_prefix("config.") else { return false };
        let Some(contract) = &self.contract else { return true };
        // Items of a list are below its name.
        let setting = name.split('.').next().unwrap_or(name);
        let is_shown = |key: &contract::Key| key.name == setting && !key.secret && !key.concealed;
        !contract.keys().iter().any(is_shown)
    }
}

/// The error of a file that a command depends on.
fn unusable(unusable: Unusable) -> anyhow::Error {
    match unusable {
        Unusable::Unreadable(problem) => Unreadable(contract_problem(&problem)).into(),
        Unusable::Wrong(problems) => WrongInput(problems.iter().map(contract_problem).collect()).into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(contract: Option<contract::Contract>) -> Settings {
        Settings::new(contract, &["ingress.password".to_owned()])
    }

    #[test]
    fn possible_secrets_are_not_shown() {
        let contract = contract::Contract::from_schema(json!({
            "type": "object",
            "properties": {
                "PORT": { "type": "integer" },
                "HOSTS": { "type": "array", "items": { "type": "string" } },
                "TOKEN": { "type": "string", "x-secret": true },
                "PROXY_URL": { "type": "string", "x-conceal": true },
            },
        }));
        let known = settings(contract.ok());
        assert_eq!(known.secret_keys().collect::<Vec<_>>(), ["TOKEN"]);
        for (path, is_hidden) in [
            ("config.PORT", false),
            ("config.TOKEN", true),
            ("config.PROXY_URL", true),
            ("config.HOSTS.0", false),
            ("config.UNKNOWN", true),
            ("extraEnv.0.value", true),
            ("ingress.password", true),
            ("ingress.passwords", false),
            ("replicaCount", false),
        ] {
            assert_eq!(known.is_hidden(path), is_hidden, "{path}");
        }
        assert!(settings(None).is_hidden("config.PORT"), "nothing says that it is no secret");
    }
}
