//! The task `scan`: what is found by reading what is in the tree, its history and its image.
//!
//! Data flows one way: a [`Subject`] is looked at by one tool after the other, what each has found goes through the
//! explanations of the tree ([`suppressions`]), and the rest is told at the end ([`report`]). No finding keeps another scan from
//! running.

mod args;
mod code;
mod dependencies;
mod finding;
mod image;
mod policies;
mod report;
mod secrets;
mod subject;
mod suppressions;
mod tree;
mod workflows;

pub use args::Args;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::ValueEnum;
use kit::tools::{self, Use};
use kit::{ui, workspace};

use report::{Outcome, Row};
use subject::{ScanResult, Subject};
use tree::Tree;

/// A part of what is delivered, and what is looked for in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scan {
    /// Our own code, by the rules in `.scan/rules` and by those of ruff and shellcheck
    Code,
    /// Crates, Go modules and Python packages: advisories, licences, sources, duplicates
    Dependencies,
    /// Keys and passwords in the files and in every commit that leads here
    Secrets,
    /// What the image holds, and who could change it
    Image,
    /// The rendered chart, Terraform and Dockerfiles against published policies
    Policies,
    /// Workflows of GitHub Actions
    Workflows,
}

/// Options of the task.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Which scans; all of them by default
    scans: Vec<Scan>,
    /// Install tools that are missing
    #[arg(long)]
    install: bool,
    /// Fail where something cannot be looked at, as advisories without a network
    #[arg(long)]
    complete: bool,
    /// Scan another checkout, by the rules and explanations that it has
    #[arg(long, value_name = "FOLDER")]
    tree: Option<PathBuf>,
    /// ScanTool into this image, as `docker save` writes it, instead of one that is built now
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
}

/// A tool, whose name is also that of its file of explanations, and its call.
type ScanTool = (&'static str, fn(&Subject) -> Result<ScanResult>);

impl Scan {
    fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Dependencies => "dependencies",
            Self::Secrets => "secrets",
            Self::Image => "image",
            Self::Policies => "policies",
            Self::Workflows => "workflows",
        }
    }

    fn tools(self) -> &'static [ScanTool] {
        match self {
            Self::Code => {
                &[("semgrep", code::semgrep), ("ruff", code::ruff), ("shellcheck", code::shellcheck)]
            }
            Self::Dependencies => &[
                ("cargo-deny", dependencies::crates),
                ("advisories", dependencies::advisories),
                ("govulncheck", dependencies::go_modules),
                ("pip-audit", dependencies::python_packages),
            ],
            Self::Secrets => &[("gitleaks", secrets::gitleaks)],
            Self::Image => &[("image", image::content)],
            Self::Policies => &[("checkov", policies::checkov)],
            Self::Workflows => &[("actionlint", workflows::actionlint), ("zizmor", workflows::zizmor)],
        }
    }

    fn uses(self) -> &'static [Use] {
        match self {
            Self::Code => &[Use::ScanCode],
            Self::Dependencies => &[Use::ScanDependencies],
            Self::Secrets => &[Use::ScanSecrets],
            // Asked for when it is known whether an image has to be built.
            Self::Image => &[],
            Self::Policies => &[Use::ScanPolicies, Use::Chart],
            Self::Workflows => &[Use::ScanWorkflows],
        }
    }
}

/// Runs the scans and tells all that they found.
///
/// # Errors
/// [`kit::tools::Missing`] before anything runs; else when something was found that nothing explains, a tool failed, or, where
/// all was to be looked at, something could not be.
pub(crate) fn run(options: &Options) -> Result<()> {
    let scans = if options.scans.is_empty() { Scan::value_variants() } else { &options.scans };
    let mut uses: Vec<_> = scans.iter().flat_map(|scan| scan.uses()).copied().collect();
    if scans.contains(&Scan::Image) && options.image.is_none() {
        uses.push(Use::Image);
    }
    tools::require(&uses, options.install)?;
    let root = options.tree.clone().unwrap_or_else(|| workspace::root().to_owned());
    let subject = Subject { tree: Tree::of(&root)?, image: options.image.clone() };
    let rows: Vec<_> =
        scans.iter().flat_map(|scan| scan.tools().iter().map(|look| row(*scan, look, &subject))).collect();
    ui::say(format!("\n{}", report::render(&rows)));
    verdict(&rows, options.complete)
}

fn row(scan: Scan, (tool, look): &ScanTool, subject: &Subject) -> Row {
    ui::say(format!("\n=== {}: {tool} ===", scan.name()));
    let outcome = look(subject).and_then(|sight| judged(tool, sight, &subject.tree));
    Row {
        scan: scan.name(),
        tool,
        outcome: outcome.unwrap_or_else(|error| Outcome::Failed(format!("{error:#}"))),
    }
}

fn judged(tool: &'static str, sight: ScanResult, tree: &Tree) -> Result<Outcome> {
    match sight {
        ScanResult::Scanned(seen) => {
            let judged = suppressions::judge(&suppressions::read(tree, tool)?, tool, seen.findings);
            let explained = seen.explained + judged.explained;
            Ok(Outcome::Scanned { what: seen.what, open: judged.open, explained })
        }
        ScanResult::Skipped(reason) => Ok(Outcome::Skipped(reason)),
    }
}

fn verdict(rows: &[Row], complete: bool) -> Result<()> {
    let open: usize = rows.iter().map(Row::n_open).sum();
    let failed = rows.iter().filter(|row| matches!(row.outcome, Outcome::Failed(_))).count();
    let unseen = rows.iter().filter(|row| matches!(row.outcome, Outcome::Skipped(_))).count();
    let mut reasons = Vec::new();
    if open > 0 {
        reasons.push(format!("{open} findings (fix each, or explain it; CONTRIBUTING.md says how)"));
    }
    if failed > 0 {
        reasons.push(format!("{failed} tools failed"));
    }
    if complete && unseen > 0 {
        reasons.push(format!("{unseen} tools could not look"));
    }
    if reasons.is_empty() { Ok(()) } else { bail!("{}", reasons.join("; ")) }
}
