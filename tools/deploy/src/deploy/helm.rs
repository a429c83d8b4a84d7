//! `deploy helm`: a release by digest, proven on every replica or taken back.
//!
//! Helm itself takes back what does not become ready. It would wait for the whole timeout to find out; here the pods are looked at
//! meanwhile, their reasons are told while they can still be asked for, and Helm is told to stop at the first one that no waiting mends.

mod labels;
mod pinned;
mod release;
mod secret;

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use kit::cluster::Choice;
use kit::tools::{self, Use};
use kit::{ui, workspace};

use super::environment::{self, Secrets};
use super::report;
use crate::drift::{self, Target};
use crate::project::PROJECT;
use pinned::{Chart, Image};
use release::{Release, Values};
use secret::Secret;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// The image, by digest: NAME@sha256:…
    #[arg(long)]
    image: String,
    /// The chart's folder, or one in a registry by digest: oci://NAME@sha256:…
    #[arg(long, default_value = PROJECT.chart)]
    chart: String,
    #[arg(long, default_value = PROJECT.release)]
    release: String,
    /// The release's namespace, which has to be there
    #[arg(long, default_value = "default")]
    namespace: String,
    /// The kubeconfig's context, which has to be named: nothing is deployed to whatever cluster is the current one
    #[arg(long, required_unless_present = "cluster", conflicts_with = "cluster")]
    context: Option<String>,
    /// The project's own cluster
    #[arg(long)]
    cluster: Option<Choice>,
    /// A file with values; may be repeated, and later ones win. They are all that the release gets: none are taken over
    #[arg(long, value_name = "FILE", env = "DEPLOY_VALUES", value_delimiter = ',')]
    values: Vec<String>,
    /// A key of the release's Secret, with the value of the environment variable of that name; may be repeated. Without any, the
    /// values name a Secret that somebody else writes
    #[arg(long, value_name = "KEY", env = "DEPLOY_SECRET_KEYS", value_delimiter = ',')]
    secret: Vec<String>,
    /// A command that prints those values, as JSON: {"KEY": "…"}. Without one they are in the environment
    #[arg(long, value_name = "COMMAND", env = "DEPLOY_SECRETS_FROM")]
    secrets_from: Option<String>,
    /// How long the rollout may take, in seconds; taking it back may take as long again
    #[arg(long, default_value_t = 300)]
    timeout: u64,
    /// Install tools that are missing
    #[arg(long)]
    install: bool,
}

/// A deploy whose inputs were checked.
struct Order {
    image: Image,
    chart: Chart,
    /// Files with values.
    files: Vec<PathBuf>,
    /// Content of the release's Secret; nothing if somebody else writes it.
    content: Option<secret::Content>,
}

/// # Errors
/// Says what failed, and which revision is in force now.
pub(super) fn run(options: &Options) -> Result<()> {
    tools::require(&[Use::Deploy], options.install)?;
    let keys: Vec<&String> = given(&options.secret).collect();
    let secrets =
        Secrets::gather(options.secrets_from.as_deref(), |name| keys.iter().any(|key| *key == name))?;
    let order = Order::of(options, &keys, &secrets)?;
    let outcome = deploy(options, &order, &secrets);
    outcome.map_err(|error| anyhow!("{}", secrets.hide(&format!("{error:#}"))))
}

impl Order {
    /// # Errors
    /// All that can be said before anything is asked.
    fn of(options: &Options, keys: &[&String], secrets: &Secrets) -> Result<Self> {
        let mut problems = environment::refusals(std::env::vars());
        let image = Image::parse(&options.image).map_err(|problem| problems.push(problem));
        let chart = Chart::parse(&options.chart).map_err(|problem| problems.push(problem));
        let content = secret::content(keys, secrets).map_err(|missing| problems.extend(missing));
        let files: Vec<_> = given(&options.values).map(|file| workspace::root().join(file)).collect();
        let missing = files.iter().filter(|file| !file.is_file());
        problems.extend(missing.map(|file| format!("{}: there is no such file of values", file.display())));
        environment::settle(&problems)?;
        match (image, chart, content) {
            (Ok(image), Ok(chart), Ok(content)) => Ok(Self { image, chart, files, content }),
            _ => bail!("nothing was done"),
        }
    }
}

/// A pipeline sets the variables it has nothing for to nothing.
fn given(list: &[String]) -> impl Iterator<Item = &String> {
    list.iter().filter(|item| !item.is_empty())
}

fn deploy(options: &Options, order: &Order, secrets: &Secrets) -> Result<()> {
    let release = Release {
        target: Target::new(options.cluster, options.context.as_deref()),
        name: options.release.clone(),
        namespace: options.namespace.clone(),
        timeout_seconds: options.timeout,
        secrets,
    };
    let before = release.in_force()?;
    // A name that stands for the Secret's, which is made once nothing speaks against it.
    let placeholder = order.content.as_ref().map(|_| format!("{}-secrets", release.name));
    let mut values = Values { image: order.image.clone(), files: order.files.clone(), secret: placeholder };
    release.refuse_inline_secrets(&order.chart, &values)?;
    let secret =
        order.content.as_ref().map(|content| Secret::ensure(&release, before, content)).transpose()?;
    values.secret = secret.as_ref().map(|secret| secret.name.clone());
    if let Some(failure) = roll_out(&release, &order.chart, &values, before)? {
        let ending = release.ending(before);
        // What could not be taken back may still need it.
        if let Some(secret) = secret.filter(|_| ending.is_undone) {
            secret.take_back(&release);
        }
        bail!("{failure}; {}", ending.words);
    }
    if let Some(secret) = secret {
        secret.remove_older(&release)?;
    }
    report_success(options, &release)
}

/// Upgrades or installs, and proves it. Where that fails it is taken back, and what failed is returned.
fn roll_out(
    release: &Release<'_>,
    chart: &Chart,
    values: &Values,
    before: Option<u64>,
) -> Result<Option<&'static str>> {
    if !release.upgrade(chart, values)? {
        return Ok(Some("the release did not become ready"));
    }
    if !release.test()? {
        if let Err(error) = release.undo(before) {
            ui::say(format!("{error:#}"));
        }
        return Ok(Some("not every replica runs what was released"));
    }
    Ok(None)
}

fn report_success(options: &Options, release: &Release<'_>) -> Result<()> {
    let Some(revision) = release.in_force()? else {
        bail!("the release is gone: someone else has removed it")
    };
    // Told and no failure: what else lives in the cluster may add to objects, and would have every deploy taken back.
    match drift::is_as_released(&release.target, &release.name, &release.namespace) {
        Ok(true) => {}
        Ok(false) => ui::say("every replica runs what was released; the table shows what else differs"),
        Err(error) => ui::say(format!("every replica runs what was released; its objects: {error:#}")),
    }
    let text = format!(
        "revision {revision} is in force on every replica of {} in {}\nimage {}\nchart {}",
        release.name, release.namespace, options.image, options.chart
    );
    report::write("Deployed by Helm", &text)
}
