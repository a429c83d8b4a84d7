//! The task `drift`: whether what Terraform gave, what the release holds and what the replicas run are the same.
//!
//! It only reads, so unlike other tasks it may be pointed at any cluster.

mod release;
mod replicas;
mod row;
mod table;
mod target;
mod terraform;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use kit::cluster::Choice;
use kit::tools::{self, Use};
use kit::{ui, workspace};

use release::Held;
use row::{Row, Verdict};
pub(crate) use target::Target;
use terraform::Given;

use crate::project::PROJECT;

/// The subject of the comparison, and its place.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder of the Terraform env; without a state there, release and replicas are compared with each other
    #[arg(long, value_name = "DIR", default_value = PROJECT.env)]
    env: PathBuf,
    /// Only this release; without a state, `myapp` by default
    #[arg(long)]
    release: Option<String>,
    /// The release's namespace, where no state names it
    #[arg(long, default_value = "default")]
    namespace: String,
    /// The kubeconfig's context; the current one by default
    #[arg(long, conflicts_with = "cluster")]
    context: Option<String>,
    /// The project's own cluster
    #[arg(long)]
    cluster: Option<Choice>,
}

impl Options {
    /// All releases of an env.
    pub(crate) fn of_env(env: &Path, context: Option<String>, cluster: Option<Choice>) -> Self {
        Self { env: env.to_owned(), release: None, namespace: "default".to_owned(), context, cluster }
    }
}

/// An answer that is not "all the same".
#[derive(Debug)]
pub enum Answer {
    Differs,
    CannotTell(String),
}

impl Answer {
    /// The task's exit status. 1 and 2 are what `terraform plan -detailed-exitcode` and people's scripts know.
    pub fn code(&self) -> u8 {
        match self {
            Self::Differs => 2,
            Self::CannotTell(_) => 3,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs => write!(f, "not everything is the same"),
            Self::CannotTell(why) => write!(f, "cannot tell: {why}"),
        }
    }
}

impl std::error::Error for Answer {}

/// Prints one table a release.
///
/// # Errors
/// An [`Answer`], unless all is the same.
pub(crate) fn run(options: &Options) -> Result<()> {
    let verdict = compare_all(options).map_err(|error| Answer::CannotTell(format!("{error:#}")))?;
    match verdict {
        Verdict::Same => Ok(()),
        Verdict::Differs => Err(Answer::Differs.into()),
        Verdict::Unknown => Err(Answer::CannotTell("see the table".to_owned()).into()),
    }
}

/// Prints the table of one release, without asking Terraform, and tells whether all of it is the same.
///
/// # Errors
/// Helm or the cluster does not answer, or there is no such release.
pub(crate) fn is_as_released(target: &Target, name: &str, namespace: &str) -> Result<bool> {
    let subject = Subject { name: name.to_owned(), namespace: namespace.to_owned(), given: None };
    Ok(compare(target, &subject)? == Verdict::Same)
}

fn compare_all(options: &Options) -> Result<Verdict> {
    tools::require(&[Use::Deploy], false)?;
    let target = Target::new(options.cluster, options.context.as_deref());
    let mut verdict = Verdict::Same;
    for subject in subjects(options)? {
        verdict = verdict.worse(compare(&target, &subject)?);
    }
    Ok(verdict)
}

fn compare(target: &Target, subject: &Subject) -> Result<Verdict> {
    let held = Held::read(target, &subject.name, &subject.namespace)?;
    if held.is_none() && subject.given.is_none() {
        bail!("there is no release {} in {}, and no Terraform state of one", subject.name, subject.namespace);
    }
    let rows = rows(target, subject, held.as_ref());
    ui::say(format!("\nrelease {} in namespace {}", subject.name, subject.namespace));
    ui::say(table::render(&rows));
    Ok(rows.iter().map(Row::verdict).fold(Verdict::Same, Verdict::worse))
}

/// A release, and what Terraform gave it if it knows it.
struct Subject {
    name: String,
    namespace: String,
    given: Option<Given>,
}

fn subjects(options: &Options) -> Result<Vec<Subject>> {
    let env = workspace::root().join(&options.env);
    let is_wanted = |given: &Given| options.release.as_ref().is_none_or(|name| *name == given.name);
    let given = match terraform::read(&env) {
        Ok(given) => given.into_iter().filter(is_wanted).collect(),
        Err(why) => {
            ui::say(format!("no Terraform state in {}: {why:#}", options.env.display()));
            Vec::new()
        }
    };
    if given.is_empty() {
        let name = options.release.clone().unwrap_or_else(|| PROJECT.release.to_owned());
        return Ok(vec![Subject { name, namespace: options.namespace.clone(), given: None }]);
    }
    let subject = |given: Given| Subject {
        name: given.name.clone(),
        namespace: given.namespace.clone(),
        given: Some(given),
    };
    Ok(given.into_iter().map(subject).collect())
}

fn rows(target: &Target, subject: &Subject, held: Option<&Held>) -> Vec<Row> {
    let mut rows = table::of_release(subject.given.as_ref(), held);
    if let Some(held) = held {
        rows.push(release::objects(target, held));
        rows.extend(replicas::rows(target, held));
    }
    if let Some(given) = &subject.given {
        rows.extend(terraform::secrets(target, given));
    }
    rows
}
