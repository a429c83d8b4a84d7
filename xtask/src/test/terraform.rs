//! The terraform tier: formatting, validation and mocked tests of the modules and envs, and the tests that read what
//! Terraform says.
//!
//! All of it works on a copy, so that lock files and caches never land in the checkout. Providers come from the registry, or
//! from wherever `TF_CLI_CONFIG_FILE` says: schema-only stand-ins are enough, since no test reaches a cluster.

mod aws;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub(crate) use aws::Extent;

use super::summary::{self, Counts, Outcome};
use crate::process::Cmd;
use crate::tools::{self, Use};
use crate::workspace;

/// Names the exact versions that all roots accept.
const VERSIONS: &str = "envs/local/versions.tf";
/// A root of its own in the copy, with nothing but the providers.
const PROBE: &str = "probe";
/// Every module and root for AWS is below a folder of this name.
const AWS: &str = "aws";
/// Stand-ins have the providers' schemas and cannot plan.
const PLAN_OF_A_NAMESPACE: &str = r#"
provider "kubernetes" {
  host = "http://127.0.0.1:1"
}
provider "helm" {
  kubernetes = { host = "http://127.0.0.1:1" }
}
resource "kubernetes_namespace_v1" "probe" {
  metadata {
    name = "probe"
  }
}
"#;
const TESTS: [&str; 4] = ["-p", "e2e", "--test", "terraform"];

/// Skipped where Terraform or its providers cannot be had: no task can install either. Where only the provider of AWS cannot, all
/// but AWS is tested before that is said.
pub(super) fn run(extent: Extent, counts: &mut Counts) -> Result<Outcome> {
    if let Err(missing) = tools::require(&[Use::Terraform], false) {
        return Ok(Outcome::Skipped(format!("{missing:#}")));
    }
    let copy = Copy::make()?;
    let providers = match copy.providers() {
        Ok(providers) => providers,
        Err(refusal) => {
            let ways = "reach registry.terraform.io, or name a mirror in TF_CLI_CONFIG_FILE";
            return Ok(Outcome::Skipped(format!("no providers ({ways}): {refusal:#}")));
        }
    };
    let mut failed = Vec::new();
    if copy.terraform("").args(["fmt", "-check", "-diff", "-recursive"]).run().is_err() {
        failed.push("terraform fmt -check".to_owned());
    }
    for root in copy.tested_folders(|path| !path.contains(AWS))? {
        failed.extend(test_root(&copy, &root, &providers, counts)?.map(|what| format!("{what} in {root}")));
    }
    let cargo = Cmd::new("cargo").env("E2E_TERRAFORM_PROVIDERS", &providers);
    if !super::cargo_test(cargo, &TESTS, counts)? {
        failed.push(format!("cargo test {}", TESTS.join(" ")));
    }
    let lacks_aws = match copy.providers_of(aws::VERSIONS) {
        Ok(providers) => {
            failed.extend(aws::run(&copy, &providers, extent, counts)?);
            None
        }
        Err(refusal) => Some(format!("all but AWS passed; no provider of AWS: {refusal:#}")),
    };
    let outcome = summary::outcome_of_steps(&failed);
    Ok(lacks_aws.filter(|_| outcome == Outcome::Passed).map_or(outcome, Outcome::Skipped))
}

/// The providers themselves, for tests that apply. Nothing where they cannot be had, or only stand-ins can.
pub(super) struct RealProviders {
    _copy: Copy,
    pub(super) folder: PathBuf,
}

impl RealProviders {
    pub(super) fn find() -> Option<Self> {
        tools::require(&[Use::Terraform], false).ok()?;
        let copy = Copy::make().ok()?;
        let folder = copy.providers().ok()?;
        are_real(&copy, &folder).then_some(Self { _copy: copy, folder })
    }
}

/// Whether these kubernetes and helm providers, the last that were fetched, are no stand-ins.
fn are_real(copy: &Copy, providers: &Path) -> bool {
    let plan = || -> Result<()> {
        fs::write(copy.folder.join("terraform").join(PROBE).join("main.tf"), PLAN_OF_A_NAMESPACE)?;
        copy.terraform(PROBE).args(["init", "-backend=false"]).arg(plugin_dir(providers)).ask()?;
        // A plan from nothing asks no cluster.
        copy.terraform(PROBE).arg("plan").ask()?;
        Ok(())
    };
    plan().is_ok()
}

/// What failed, if anything.
fn test_root(copy: &Copy, root: &str, providers: &Path, counts: &mut Counts) -> Result<Option<&'static str>> {
    if !is_valid(copy, root, providers)? {
        return Ok(Some("terraform validate"));
    }
    let status =
        copy.terraform(root).args(["test", "-no-color"]).stream(|line| counts.add_terraform(line))?;
    Ok((!status.success()).then_some("terraform test"))
}

/// Initialises a root and validates it.
fn is_valid(copy: &Copy, root: &str, providers: &Path) -> Result<bool> {
    copy.terraform(root).args(["init", "-backend=false"]).arg(plugin_dir(providers)).run()?;
    Ok(takes_aliases(copy, root)? || copy.terraform(root).arg("validate").run().is_ok())
}

/// Whether callers hand over several configurations of one provider. Such a module is valid only with a caller, which its tests are.
fn takes_aliases(copy: &Copy, root: &str) -> Result<bool> {
    let versions = copy.folder.join("terraform").join(root).join("versions.tf");
    let text =
        fs::read_to_string(&versions).with_context(|| format!("cannot read {}", versions.display()))?;
    Ok(text.contains("configuration_aliases"))
}

fn plugin_dir(providers: &Path) -> OsString {
    let mut argument = OsString::from("-plugin-dir=");
    argument.push(providers);
    argument
}

/// A copy of `terraform/` with the chart beside it, removed when it goes out of scope.
struct Copy {
    folder: PathBuf,
}

impl Copy {
    fn make() -> Result<Self> {
        let folder = workspace::root().join("target/xtask").join(format!("terraform-{}", std::process::id()));
        // Left over by a run that was killed.
        fs::remove_dir_all(&folder).ok();
        let copy = Self { folder };
        copy_tree(&workspace::root().join("terraform"), &copy.folder.join("terraform"))?;
        std::os::unix::fs::symlink(workspace::root().join("charts"), copy.folder.join("charts"))?;
        Ok(copy)
    }

    /// The providers of the roots that are not for AWS.
    fn providers(&self) -> Result<PathBuf> {
        self.providers_of(VERSIONS)
    }

    /// Fetches the providers that a file asks for, once, and returns the folder that holds them.
    fn providers_of(&self, versions: &str) -> Result<PathBuf> {
        let probe = self.folder.join("terraform").join(PROBE);
        fs::remove_dir_all(&probe).ok();
        fs::create_dir(&probe)?;
        fs::copy(self.folder.join("terraform").join(versions), probe.join("versions.tf"))?;
        self.terraform(PROBE).args(["init", "-backend=false"]).run()?;
        let providers = self.folder.join("providers").join(versions.replace('/', "-"));
        fs::create_dir_all(self.folder.join("providers"))?;
        fs::rename(probe.join(".terraform/providers"), &providers)?;
        Ok(providers)
    }

    /// The folders with tests below `terraform/` whose path is wanted; every other module is tested through these.
    fn tested_folders(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
        let top = self.folder.join("terraform");
        let mut found = Vec::new();
        collect_tested(&top, &mut found)?;
        let relative = found.iter().filter_map(|folder| folder.strip_prefix(&top).ok()?.to_str());
        let mut wanted: Vec<_> = relative.filter(|path| is_wanted(path)).map(str::to_owned).collect();
        wanted.sort();
        Ok(wanted)
    }

    /// A call in a folder below `terraform/`.
    fn terraform(&self, root: &str) -> Cmd {
        let logs = ["TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER"];
        // A log would hold the values that the tests look for.
        let quiet = logs.iter().fold(Cmd::new("terraform"), |command, variable| command.env(variable, ""));
        quiet
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .directory(self.folder.join("terraform").join(root))
    }
}

/// Folders whose `tests` hold files that Terraform would run.
fn collect_tested(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_test = |file: &Path| file.to_string_lossy().ends_with(".tftest.hcl");
        if path.is_dir() && path.file_name().is_some_and(|name| name == "tests") {
            let has_tests = fs::read_dir(&path)?.flatten().any(|file| is_test(&file.path()));
            found.extend(has_tests.then(|| folder.to_owned()));
        } else if path.is_dir() {
            collect_tested(&path, found)?;
        }
    }
    Ok(())
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left over is in the build folder.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Without what Terraform keeps beside its configuration.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let is_terraforms_own =
            name.to_string_lossy().starts_with(".terraform") || name.to_string_lossy().contains(".tfstate");
        if is_terraforms_own {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
