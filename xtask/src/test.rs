//! The task `test`: tiers, two of them at a time, and a summary that a person and a pipeline can read.

mod cargo;
mod failures;
mod fuzz;
mod summary;
mod terraform;

use std::ffi::OsString;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use cargo::cargo_test;
use clap::ValueEnum;
use kit::cluster::{self, Choice, Cluster, Provider};
use kit::process::Cmd;
use kit::tools::{self, Use};
use kit::ui::{self, Output, Progress};
use kit::{outside, workspace};
use summary::{Outcome, Report, Results};
pub(crate) use terraform::Extent;

use crate::check;
use crate::tool::Tool;

const IMAGE_TESTS: [&str; 4] = ["-p", "e2e", "--test", "image"];
const SCAN_TESTS: [&str; 4] = ["-p", "scan", "--test", "it"];
/// The scans of files: all but that of the image, which would have to be built.
const FILE_SCANS: [&str; 5] = ["code", "dependencies", "secrets", "policies", "workflows"];
/// The tools of [`FILE_SCANS`].
const SCAN_USES: [Use; 6] = [
    Use::ScanCode,
    Use::ScanDependencies,
    Use::ScanSecrets,
    Use::ScanPolicies,
    Use::ScanWorkflows,
    Use::Chart,
];
const CLUSTER_TESTS: [&str; 4] = ["-p", "e2e", "--test", "cluster"];
/// The optional components of the own cluster.
const COMPONENTS: &str = "metrics,ingress,policies";
/// Tools of the cluster tier. Those that only the own cluster needs come first.
const CLUSTER_USES: [Use; 11] = [
    Use::OwnCluster,
    Use::Metrics,
    Use::Policies,
    Use::Ingress,
    Use::Kubernetes,
    Use::Image,
    Use::Database,
    Use::Deploy,
    Use::Plan,
    Use::Release,
    Use::Registry,
];
/// Number of the first [`CLUSTER_USES`] that only the own cluster needs.
const OWN_USES: usize = 4;
/// All side by side: they wait more than they work.
const PROXY_TESTS: [&str; 9] =
    ["-p", "chassis", "--test", "proxy", "--", "--include-ignored", "--show-output", "--test-threads", "4"];
/// Half of it is waiting, so more of them than processors run at a time.
const SERVICE_TESTS: [&str; 7] = ["-p", "myapp", "--test", "it", "--", "--test-threads", "4"];
/// Tests of requests, without the fast path: hyper has each connection from its first byte to its last.
const SERVICE_TESTS_ON_HYPER: [&str; 9] =
    ["-p", "myapp", "--no-default-features", "--test", "it", "--", "public::", "admin::", "page::"];
/// Most of it is waiting for one agent and one service, so more of them than processors run at a time.
const SAMPLES_TESTS: [&str; 7] = ["-p", "e2e", "--test", "samples", "--", "--test-threads", "4"];
/// Ignored tests, which need tools that take long to install, without the body of a process that other tests start.
const API_TESTS: [&str; 9] =
    ["-p", "myapp", "--test", "it", "--", "--ignored", "--show-output", "--skip", "replica::serves"];
/// Tests that need Terraform and none of its providers.
const TERRAFORM_ALONE: [&str; 7] = ["-p", "e2e", "--test", "cluster", "--", "--ignored", "deploy::"];
/// Most of a cluster test is waiting, so more of them than processors run at a time.
const CLUSTER_TEST_THREADS: &str = "4";

/// Pause between two looks for the end of the tiers that run beside the others.
const TICK: Duration = Duration::from_secs(1);

/// Ordered by what they need: least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tier {
    /// Logic, properties and parsers; needs nothing
    Unit,
    /// Fuzz targets and model checks, for seconds each; for longer with `FUZZ_SECONDS=300`
    Fuzz,
    /// The service in process: routes, limits, drain, and its data on SQLite and PostgreSQL
    Service,
    /// The API against its descriptions, and a hostile page in a real browser against the API
    Api,
    /// Stops and starts behind real proxies that learn late, in a minute; in five with `PROXY_CYCLES=17`
    Proxy,
    /// The conformance suite: generated readers in Python, TypeScript, Go and Java, and the library; needs these languages
    Readers,
    /// Services in other languages: their own tests, sequences of edits, and passwords that rotate under load; needs Debian 12, Go, Node
    /// and a JDK
    Samples,
    /// The chart as helm renders it
    Chart,
    /// The Terraform modules and envs, with mocked providers; those for AWS also against a fake
    Terraform,
    /// Each scan finds what is planted for it, and nothing in this checkout; the image has tests of its own
    Scan,
    /// A release packed twice, its way to a real registry and back, and what is said to be in it
    Registry,
    /// The chart, image and service on a real Kubernetes
    Cluster,
}

impl Tier {
    fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Fuzz => "fuzz",
            Self::Service => "service",
            Self::Api => "api",
            Self::Proxy => "proxy",
            Self::Readers => "readers",
            Self::Samples => "samples",
            Self::Chart => "chart",
            Self::Terraform => "terraform",
            Self::Scan => "scan",
            Self::Registry => "registry",
            Self::Cluster => "cluster",
        }
    }

    /// True for tiers that mostly wait, for servers or for one compiler: they run beside the others.
    fn is_beside(self) -> bool {
        matches!(self, Self::Terraform | Self::Registry)
    }

    /// True for the tier that runs after all others: beside them, its pods found no room for their watchers of files (inotify has 128
    /// a user, over all containers).
    fn is_alone(self) -> bool {
        self == Self::Cluster
    }

    fn uses(self, own_cluster: bool) -> &'static [Use] {
        match self {
            // The readers' tests say themselves which language they lack, and the samples' which package: no task can install one.
            Self::Unit | Self::Readers | Self::Samples => &[],
            Self::Fuzz => &[Use::Fuzz],
            // The tier says itself that it lacks Terraform or a provider: no task can install these.
            Self::Terraform => &[Use::FakeAws],
            Self::Service => &[Use::Database],
            Self::Api => &[Use::Api],
            Self::Proxy => &[Use::Proxy],
            Self::Chart => &[Use::Chart],
            Self::Scan => &SCAN_USES,
            Self::Registry => &[Use::Release, Use::Image, Use::Registry],
            Self::Cluster if own_cluster => &CLUSTER_USES,
            Self::Cluster => CLUSTER_USES.get(OWN_USES..).unwrap_or_default(),
        }
    }
}

/// A call of the task.
#[derive(Clone, Copy)]
struct Call {
    /// True if its tiers were asked for by name.
    is_named: bool,
    install: bool,
    choice: Option<Choice>,
    aws: Extent,
}

/// Runs `tiers`, or all of them when none is named. A tier that cannot run is skipped and says why, but is a failure
/// where it was asked for by name or nobody would notice, that is in CI.
///
/// # Errors
/// When anything failed, and before anything runs when tools are missing that were not to be installed.
pub(crate) fn run(tiers: &[Tier], install: bool, choice: Option<Choice>, aws: Extent) -> Result<()> {
    let call = Call { is_named: !tiers.is_empty(), install, choice, aws };
    let tiers = if call.is_named { tiers } else { Tier::value_variants() };
    let own_cluster = cluster::is_own(choice);
    let uses: Vec<_> = tiers.iter().flat_map(|tier| tier.uses(own_cluster)).copied().collect();
    if install {
        // Tools of the last tiers take longer to build than all tiers before them need the processors.
        tools::build_ahead(&uses);
    } else {
        tools::require(&uses, false)?;
    }
    let takes_providers = |tier: &Tier| matches!(tier, Tier::Terraform | Tier::Cluster);
    let note = tiers.iter().any(takes_providers).then(outside::use_terraform_providers).flatten();
    let (alone, others): (Vec<Tier>, Vec<Tier>) = tiers.iter().partition(|tier| tier.is_alone());
    let mut reports = report_side_by_side(&others, call)?;
    reports.extend(alone.into_iter().map(|tier| report(tier, call)));
    ui::say(format!("\n{}", summary::render(&reports, note.as_deref())));
    if reports.iter().any(|report| matches!(report.outcome, Outcome::Failed(_))) {
        bail!("not all tests passed");
    }
    Ok(())
}

/// Runs the tiers that mostly wait beside the others. Their lines are shown as each of them ends.
fn report_side_by_side(tiers: &[Tier], call: Call) -> Result<Vec<Report>> {
    let (beside, ahead): (Vec<Tier>, Vec<Tier>) = tiers.iter().partition(|tier| tier.is_beside());
    if ahead.is_empty() {
        return Ok(beside.into_iter().map(|tier| report(tier, call)).collect());
    }
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            let kept = |tier| {
                let output = Output::kept();
                let report = output.during(|| report(tier, call));
                output.show();
                report
            };
            beside.into_iter().map(kept).collect::<Vec<_>>()
        });
        let mut reports = Vec::new();
        if !call.is_named {
            reports.push(checks(call.install));
        }
        reports.extend(ahead.into_iter().map(|tier| report(tier, call)));
        let mut progress = Progress::new("waiting for the tiers that run beside these");
        let waiting = Instant::now();
        while !beside.is_finished() {
            thread::sleep(TICK);
            progress.tick(waiting.elapsed());
        }
        reports.extend(beside.join().map_err(|_| anyhow!("a tier that ran beside the others panicked"))?);
        Ok(reports)
    })
}

/// Whoever runs everything wants to know of lints and stale generated files too.
fn checks(install: bool) -> Report {
    let started = Instant::now();
    ui::say("=== check ===");
    let checked = tools::require(&[Use::Check], install).and_then(|()| check::run());
    let outcome = checked.map_or_else(|error| Outcome::Failed(format!("{error:#}")), |()| Outcome::Passed);
    Report { tier: "check", outcome, results: Results::default(), took: started.elapsed() }
}

fn report(tier: Tier, call: Call) -> Report {
    ui::say(format!("\n=== tier {} ===", tier.name()));
    let started = Instant::now();
    let mut results = Results::default();
    let outcome = match tools::require(tier.uses(cluster::is_own(call.choice)), call.install) {
        Ok(()) => run_tier(tier, call, &mut results),
        Err(error) => Ok(Outcome::Skipped(format!("{error:#}"))),
    };
    let mut outcome = outcome.unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
    // Whoever runs all tiers may be on a machine that Terraform cannot be got for.
    let must_run = call.is_named || (cluster::in_ci() && tier != Tier::Terraform);
    if must_run && let Outcome::Skipped(reason) = outcome {
        outcome = Outcome::Failed(reason);
    }
    Report { tier: tier.name(), outcome, results, took: started.elapsed() }
}

fn run_tier(tier: Tier, call: Call, results: &mut Results) -> Result<Outcome> {
    let calls: &[&[&str]] = match tier {
        Tier::Unit => &[
            &["--workspace", "--lib", "--bins"],
            &["-p", "live-config", "--test", "it"],
            &["-p", "confpath", "--test", "it"],
            &["--doc", "-p", "chassis", "-p", "live-config"],
        ],
        Tier::Fuzz => return fuzz::run(results),
        Tier::Service => &[
            &["-p", "chassis", "--test", "it"],
            &["-p", "chassis", "--test", "it", "--features", "fast-path"],
            &["-p", "test-support", "--test", "it"],
            &SERVICE_TESTS,
            &SERVICE_TESTS_ON_HYPER,
        ],
        Tier::Api => return run_api(results),
        Tier::Proxy => &[&PROXY_TESTS],
        Tier::Readers => &[&["-p", "conformance", "--test", "it"]],
        Tier::Samples => &[&SAMPLES_TESTS],
        Tier::Chart => &[&["-p", "e2e", "--test", "chart"]],
        Tier::Terraform => return terraform::run(call.aws, results),
        Tier::Scan => return run_scans(results),
        Tier::Registry => &[&["-p", "e2e", "--test", "registry"]],
        Tier::Cluster => return run_on_cluster(call.install, call.choice, results),
    };
    let mut failed = Vec::new();
    for arguments in calls {
        if !cargo_test(Cmd::new("cargo"), arguments, results)? {
            failed.push(arguments.join(" "));
        }
    }
    Ok(summary::outcome_of(&failed))
}

/// Runs the tests that plant findings, and then the scans of this checkout, which must find nothing.
fn run_scans(results: &mut Results) -> Result<Outcome> {
    let mut failed = Vec::new();
    if !cargo_test(Cmd::new("cargo"), &SCAN_TESTS, results)? {
        failed.push(format!("cargo test {}", SCAN_TESTS.join(" ")));
    }
    if let Err(error) = run_tool(Tool::Scan.call("scan").args(FILE_SCANS)) {
        failed.push(format!("cargo xtask scan: {error:#}"));
    }
    Ok(summary::outcome_of_steps(&failed))
}

/// Pinned Python packages lie in no folder that Python knows.
fn run_api(results: &mut Results) -> Result<Outcome> {
    let cargo = Cmd::new("cargo")
        .env("SCHEMATHESIS", tools::built("schemathesis"))
        .env("PYTHONPATH", tools::python_path("schemathesis"));
    let passed = cargo_test(cargo, &API_TESTS, results)?;
    Ok(summary::outcome_of(&if passed { Vec::new() } else { vec![API_TESTS.join(" ")] }))
}

/// The own cluster is removed again whatever happens, and an error in that is a failure of the tier too.
fn run_on_cluster(install: bool, choice: Option<Choice>, results: &mut Results) -> Result<Outcome> {
    let cluster = match Cluster::select(choice) {
        Ok(cluster) => cluster,
        Err(refusal) => return Ok(Outcome::Skipped(format!("{refusal:#}"))),
    };
    // All of this takes long and needs no cluster.
    let image = Tool::Release.call("image");
    run_tool(if install { image.arg("--install") } else { image })?;
    let image_passed = cargo_test(Cmd::new("cargo"), &IMAGE_TESTS, results)?;
    Cmd::new("cargo").args(["test", "--no-run"]).args(CLUSTER_TESTS).directory(workspace::root()).run()?;
    let start = prepare("start", choice);
    run_tool(if install { start.arg("--install") } else { start })?;
    let passed = test_image_on(&cluster, choice, results);
    run_tool(prepare("finish", choice))?;
    let outcomes = [(image_passed, IMAGE_TESTS), (passed?, CLUSTER_TESTS)];
    let failed: Vec<_> =
        outcomes.iter().filter(|(passed, _)| !passed).map(|(_, call)| call.join(" ")).collect();
    Ok(summary::outcome_of(&failed))
}

/// A step that gets the cluster ready, or removes it.
fn prepare(step: &str, choice: Option<Choice>) -> Cmd {
    let call = Tool::Cluster.call("tests").arg(step);
    if choice == Some(Choice::Own) { call.args(["--cluster", "own"]) } else { call }
}

/// Runs a tool and shows its output.
///
/// # Errors
/// The error that the tool printed last.
fn run_tool(call: Cmd) -> Result<()> {
    let mut error = String::new();
    let status = call.stream(|line| {
        if let Some(text) = line.strip_prefix("error: ") {
            error = text.to_owned();
        }
    })?;
    if status.success() {
        Ok(())
    } else {
        bail!("{}", if error.is_empty() { status.to_string() } else { error })
    }
}

fn test_image_on(cluster: &Cluster, choice: Option<Choice>, results: &mut Results) -> Result<bool> {
    run_tool(prepare("load", choice))?;
    let cargo = name_cluster(cluster);
    let threads = ["--", "--test-threads", CLUSTER_TEST_THREADS];
    let arguments = [&CLUSTER_TESTS[..], &threads].concat();
    // Tests that need Terraform's real providers are marked as ignored, and so are told by name where these are not.
    match terraform::RealProviders::find() {
        Some(providers) => {
            let cargo = cargo.env("E2E_TERRAFORM_PROVIDERS", &providers.folder);
            cargo_test(cargo, &[&arguments[..], &["--include-ignored"]].concat(), results)
        }
        None => {
            let passed = cargo_test(cargo, &arguments, results)?;
            let has_terraform = tools::require(&[Use::Terraform], false).is_ok();
            Ok(passed && (!has_terraform || cargo_test(name_cluster(cluster), &TERRAFORM_ALONE, results)?))
        }
    }
}

/// Names the cluster to the tests, which use no other.
fn name_cluster(cluster: &Cluster) -> Cmd {
    let with = if *cluster.provider() == Provider::Own { COMPONENTS } else { "" };
    Cmd::new("cargo")
        .env("E2E_KUBECONFIG", kubeconfig_of(cluster))
        .env("E2E_CONTEXT", cluster.context())
        .env("E2E_WITH", with)
}

/// The files in which kubectl would look.
fn kubeconfig_of(cluster: &Cluster) -> OsString {
    let from_home = || std::env::home_dir().unwrap_or_default().join(".kube/config").into_os_string();
    let as_kubectl = || std::env::var_os("KUBECONFIG").unwrap_or_else(from_home);
    cluster.kubeconfig().map_or_else(as_kubectl, |path| path.as_os_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two builds of images would be in each other's way.
    #[test]
    fn tiers_that_build_images_never_overlap() {
        let builds = |tier: &&Tier| tier.uses(true).contains(&Use::Image);
        let mut builders = Tier::value_variants().iter().filter(builds);
        assert!(builders.all(|tier| tier.is_beside() || tier.is_alone()));
    }

    #[test]
    fn all_components_of_the_own_cluster_are_started() {
        let names: Vec<_> = ::cluster::Extra::ALL.iter().map(|extra| extra.name()).collect();
        assert_eq!(COMPONENTS, names.join(","));
    }

    #[test]
    fn all_scans_of_files_are_run() {
        let scans = ::scan::Scan::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<_> =
            scans.map(|scan| scan.get_name().to_owned()).filter(|name| name != "image").collect();
        assert_eq!(names, FILE_SCANS);
    }
}
