//! `drift`: compares what Terraform gave, what the release holds and what the replicas run.
//!
//! It only reads, so the current context of the kubeconfig will do.

mod release;
mod replicas;
mod row;
mod table;
mod terraform;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::args::DriftArgs;
use crate::cluster::Cluster;
use crate::console::say;
use crate::deployment::{Deployment, Settings};
use crate::program;
use release::Held;
use row::Row;
pub(crate) use row::Verdict;
use terraform::Given;

/// The releases that are compared, and what is known of them beforehand.
pub(crate) struct Comparison {
    cluster: Cluster,
    settings: Settings,
    /// The folder of the Terraform root, if one is named.
    root: Option<PathBuf>,
    /// Only this release.
    only: Option<String>,
    /// The release and its namespace where no state names one.
    named: Option<(String, String)>,
}

impl Comparison {
    /// The comparison that the flags ask for.
    ///
    /// # Errors
    /// The description or the contract is wrong, or helm or kubectl is missing.
    pub(crate) fn new(args: &DriftArgs) -> Result<Self> {
        let deployment = Deployment::read(&args.release.project)?;
        let root = deployment.environment(args.env.as_ref());
        let namespace = deployment.namespace(&args.release);
        let named = match deployment.release(&args.release) {
            Ok(release) => Some((release, namespace)),
            // The state names releases.
            Err(_) if root.is_some() => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            cluster: Cluster::new(deployment.context(args.release.context.as_ref())),
            settings: deployment.settings()?,
            root,
            only: args.release.release.clone(),
            named,
        })
    }

    /// All releases of a Terraform root.
    ///
    /// # Errors
    /// The contract is wrong.
    pub(crate) fn of_root(deployment: &Deployment, root: PathBuf, context: Option<String>) -> Result<Self> {
        let settings = deployment.settings()?;
        Ok(Self { cluster: Cluster::new(context), settings, root: Some(root), only: None, named: None })
    }

    /// Prints one table a release, and returns the worst verdict.
    ///
    /// # Errors
    /// Helm or the cluster does not answer, or there is no such release.
    pub(crate) fn run(&self) -> Result<Verdict> {
        program::require(&["helm", "kubectl"])?;
        let mut verdict = Verdict::Same;
        for subject in self.subjects()? {
            verdict = verdict.worse(compare(&self.cluster, &self.settings, &subject)?);
        }
        Ok(verdict)
    }

    fn subjects(&self) -> Result<Vec<Subject>> {
        let is_wanted = |given: &Given| self.only.as_ref().is_none_or(|name| *name == given.name);
        let given: Vec<_> = match self.root.as_deref().map(|root| (root, terraform::read(root))) {
            None => Vec::new(),
            Some((_, Ok(given))) => given.into_iter().filter(is_wanted).collect(),
            Some((root, Err(why))) => {
                say(format!("no Terraform state in {}: {why:#}", root.display()));
                Vec::new()
            }
        };
        if given.is_empty() {
            let Some((name, namespace)) = self.named.clone() else {
                bail!("no release is named: give --release, or the service's name in the description")
            };
            return Ok(vec![Subject { name, namespace, given: None }]);
        }
        let subject = |given: Given| Subject {
            name: given.name.clone(),
            namespace: given.namespace.clone(),
            given: Some(given),
        };
        Ok(given.into_iter().map(subject).collect())
    }
}

/// Prints the table of one release, without asking Terraform.
///
/// # Errors
/// Helm or the cluster does not answer, or there is no such release.
pub(crate) fn compare_release(
    cluster: &Cluster,
    settings: &Settings,
    name: &str,
    namespace: &str,
) -> Result<Verdict> {
    let subject = Subject { name: name.to_owned(), namespace: namespace.to_owned(), given: None };
    compare(cluster, settings, &subject)
}

fn compare(cluster: &Cluster, settings: &Settings, subject: &Subject) -> Result<Verdict> {
    let held = Held::read(cluster, &subject.name, &subject.namespace)?;
    if held.is_none() && subject.given.is_none() {
        bail!("there is no release {} in {}, and no Terraform state of one", subject.name, subject.namespace);
    }
    let rows = rows(cluster, settings, subject, held.as_ref());
    say(format!("\nrelease {} in namespace {}", subject.name, subject.namespace));
    say(table::render(&rows));
    Ok(rows.iter().map(Row::verdict).fold(Verdict::Same, Verdict::worse))
}

/// A release, and what Terraform gave it if it knows it.
struct Subject {
    name: String,
    namespace: String,
    given: Option<Given>,
}

fn rows(cluster: &Cluster, settings: &Settings, subject: &Subject, held: Option<&Held>) -> Vec<Row> {
    let mut rows = table::of_release(settings, subject.given.as_ref(), held);
    if let Some(held) = held {
        rows.push(release::objects(cluster, held));
        rows.extend(replicas::rows(cluster, held));
    }
    if let Some(given) = &subject.given {
        rows.extend(terraform::secrets(cluster, settings, given));
    }
    rows
}
