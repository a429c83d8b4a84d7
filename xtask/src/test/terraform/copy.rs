//! A copy of `terraform/`, in which lock files and caches may be written.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use kit::process::Cmd;
use kit::workspace;

/// Names the exact versions that all roots accept.
const VERSIONS: &str = "envs/local/versions.tf";
/// Heap growth in percent before Go collects garbage again, in Terraform and in the providers that it starts. Schemas fill the heap of
/// processes that live for seconds; Go's default of 100 takes a quarter more of the processors' time.
const GARBAGE_COLLECTION: &str = "400";
/// A root of its own in the copy, with nothing but the providers.
const PROBE: &str = "probe";
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

/// A copy of `terraform/` with the chart beside it, removed when it goes out of scope.
pub(super) struct Copy {
    folder: PathBuf,
}

impl Copy {
    pub(super) fn make() -> Result<Self> {
        let folder = workspace::root().join("target/xtask").join(format!("terraform-{}", std::process::id()));
        // Left over by a run that was killed.
        fs::remove_dir_all(&folder).ok();
        let copy = Self { folder };
        copy_tree(&workspace::root().join("terraform"), &copy.folder.join("terraform"))?;
        std::os::unix::fs::symlink(workspace::root().join("charts"), copy.folder.join("charts"))?;
        Ok(copy)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The providers of the roots that are not for AWS.
    pub(super) fn providers(&self) -> Result<PathBuf> {
        self.providers_of(VERSIONS)
    }

    /// Fetches the providers that a file asks for, once, and returns the folder that holds them.
    pub(super) fn providers_of(&self, versions: &str) -> Result<PathBuf> {
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
    pub(super) fn tested_folders(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
        let top = self.folder.join("terraform");
        let mut found = Vec::new();
        collect_tested(&top, &mut found)?;
        let relative = found.iter().filter_map(|folder| folder.strip_prefix(&top).ok()?.to_str());
        let mut wanted: Vec<_> = relative.filter(|path| is_wanted(path)).map(str::to_owned).collect();
        wanted.sort();
        Ok(wanted)
    }

    /// A call in a folder below `terraform/`.
    pub(super) fn terraform(&self, root: &str) -> Cmd {
        let logs = ["TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER"];
        // A log would hold the values that the tests look for.
        let quiet = logs.iter().fold(Cmd::new("terraform"), |command, variable| command.env(variable, ""));
        quiet
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("GOGC", GARBAGE_COLLECTION)
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

/// Returns true if these kubernetes and helm providers, the last that were fetched, are no stand-ins.
pub(super) fn are_real(copy: &Copy, providers: &Path) -> bool {
    let plan = || -> Result<()> {
        fs::write(copy.folder.join("terraform").join(PROBE).join("main.tf"), PLAN_OF_A_NAMESPACE)?;
        copy.terraform(PROBE).args(["init", "-backend=false"]).arg(plugin_dir(providers)).ask()?;
        // A plan from nothing asks no cluster.
        copy.terraform(PROBE).arg("plan").ask()?;
        Ok(())
    };
    plan().is_ok()
}

/// Initialises a root and validates it.
pub(super) fn is_valid(copy: &Copy, root: &str, providers: &Path) -> Result<bool> {
    copy.terraform(root).args(["init", "-backend=false"]).arg(plugin_dir(providers)).run()?;
    Ok(takes_aliases(copy, root)? || copy.terraform(root).arg("validate").run().is_ok())
}

/// Returns true if callers pass several configurations of one provider. Such a module is valid only with a caller, such as its
/// tests.
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
