//! `deploy helm`: a release by digest, proven on every replica or taken back.
//!
//! Helm itself takes back what does not become ready. It would wait for the whole timeout to find out; here the pods are looked at
//! meanwhile, their reasons are told while they can still be asked for, and Helm is told to stop at the first one that no waiting mends.

mod pinned;
mod release;
mod secret;

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};

use super::environment::{self, Secrets};
use super::report;
use crate::args::HelmArgs;
use crate::cluster::Cluster;
use crate::console::say;
use crate::deployment::{Deployment, Settings};
use crate::drift::{self, Verdict};
use crate::program;
use crate::refusal::WrongInput;
use pinned::{Chart, Image};
use release::{Proof, Release, Values};
use secret::Secret;

/// A deploy whose inputs were checked.
struct Order {
    image: Image,
    chart: Chart,
    /// Files with values.
    files: Vec<PathBuf>,
    /// Content of the release's Secret; nothing if somebody else writes it.
    content: Option<secret::Content>,
    secrets: Secrets,
    settings: Settings,
}

/// Deploys by Helm.
///
/// # Errors
/// Says what failed, and which revision is in force now.
pub(super) fn run(args: &HelmArgs) -> Result<()> {
    let deployment = Deployment::read(&args.release.project)?;
    let name = deployment.release(&args.release)?;
    let context = deployment.context(args.release.context.as_ref()).context(
        "no context of the kubeconfig is named, and nothing is deployed to whatever cluster is the current one: give --context",
    );
    let context = context.map_err(WrongInput::from_error)?;
    let order = Order::of(args, &deployment)?;
    program::require(&["helm", "kubectl"])?;
    let release = Release {
        cluster: Cluster::new(Some(context)),
        service: deployment.service(args.service.as_ref(), &name),
        namespace: deployment.namespace(&args.release),
        name,
        timeout_seconds: args.timeout,
        secrets: &order.secrets,
    };
    let outcome = deploy(&order, &release);
    // A refusal of input has no text of another program in it.
    outcome.map_err(|error| match error.downcast::<WrongInput>() {
        Ok(refusal) => refusal.into(),
        Err(error) => anyhow!("{}", order.secrets.hide(&format!("{error:#}"))),
    })
}

impl Order {
    /// # Errors
    /// All that can be said before anything is asked.
    fn of(args: &HelmArgs, deployment: &Deployment) -> Result<Self> {
        let described = &deployment.described.secrets;
        // A pipeline sets the variables it has nothing for to nothing.
        let given: Vec<_> = args.secret.iter().filter(|key| !key.is_empty()).collect();
        let keys = if given.is_empty() { described.iter().collect() } else { given };
        let command = deployment.secrets_from(args.secrets_from.as_ref());
        let secrets = Secrets::gather(command.as_deref(), |name| keys.iter().any(|key| *key == name))?;
        let mut problems = environment::refusals(std::env::vars());
        let image = Image::parse(&args.image).map_err(|problem| problems.push(problem));
        let chart = deployment.chart(args.chart.as_ref()).ok_or_else(|| {
            "no chart is named: give --chart, or the chart's folder in the description".to_owned()
        });
        let chart = chart.and_then(|chart| Chart::parse(&chart)).map_err(|problem| problems.push(problem));
        let content = secret::content(&keys, &secrets).map_err(|missing| problems.extend(missing));
        let files: Vec<_> = args.values.iter().filter(|file| !file.as_os_str().is_empty()).cloned().collect();
        let missing = files.iter().filter(|file| !file.is_file());
        problems.extend(missing.map(|file| format!("{}: there is no such file of values", file.display())));
        match (image, chart, content, &problems[..]) {
            (Ok(image), Ok(chart), Ok(content), []) => {
                Ok(Self { image, chart, files, content, secrets, settings: deployment.settings()? })
            }
            _ => Err(WrongInput(problems).into()),
        }
    }
}

fn deploy(order: &Order, release: &Release<'_>) -> Result<()> {
    // A name that stands for the Secret's, which is made once nothing speaks against it.
    let placeholder = order.content.as_ref().map(|_| format!("{}-secrets", release.name));
    let mut values = Values { image: order.image.clone(), files: order.files.clone(), secret: placeholder };
    // Before the cluster is asked: a chart that does not render is refused wherever it would go.
    release.refuse_inline_secrets(&order.chart, &values)?;
    let before = release.in_force()?;
    let secret =
        order.content.as_ref().map(|content| Secret::ensure(release, before, content)).transpose()?;
    values.secret = secret.as_ref().map(|secret| secret.name.clone());
    let proof = match roll_out(release, &order.chart, &values, before)? {
        Ok(proof) => proof,
        Err(failure) => {
            let ending = release.ending(before);
            // What could not be taken back may still need it.
            if let Some(secret) = secret.filter(|_| ending.is_undone) {
                secret.take_back(release);
            }
            bail!("{failure}; {}", ending.words);
        }
    };
    if let Some(secret) = secret {
        secret.remove_older(release)?;
    }
    report_success(order, release, proof)
}

/// Upgrades or installs, and proves it. Where that fails it is taken back, and what failed is returned.
fn roll_out(
    release: &Release<'_>,
    chart: &Chart,
    values: &Values,
    before: Option<u64>,
) -> Result<Result<Proof, &'static str>> {
    if !release.upgrade(chart, values)? {
        return Ok(Err("the release did not become ready"));
    }
    if let Some(proof) = release.test()? {
        return Ok(Ok(proof));
    }
    if let Err(error) = release.undo(before) {
        say(format!("{error:#}"));
    }
    Ok(Err("not every replica runs what was released"))
}

fn report_success(order: &Order, release: &Release<'_>, proof: Proof) -> Result<()> {
    let Some(revision) = release.in_force()? else {
        bail!("the release is gone: someone else has removed it")
    };
    let (done, place) = match proof {
        Proof::Tested => ("every replica runs what was released", "in force on every replica"),
        Proof::Untested => (
            "the release is ready, and has no test that asks its replicas what they run",
            "deployed to every replica",
        ),
    };
    // Told and no failure: what else lives in the cluster may add to objects, and would have every deploy taken back.
    match drift::compare_release(&release.cluster, &order.settings, &release.name, &release.namespace) {
        Ok(Verdict::Same) => {}
        Ok(Verdict::Differs | Verdict::Unknown) => say(format!("{done}; the table shows what else differs")),
        Err(error) => say(format!("{done}; its objects: {error:#}")),
    }
    let text = format!(
        "revision {revision} is {place} of {} in {}\nimage {}@{}\nchart {}",
        release.name, release.namespace, order.image.repository, order.image.digest, order.chart.0
    );
    report::write("Deployed by Helm", &text)
}
