//! The pinned tools: `tools/tools.json`, and for tools written in Python `tools/requirements/NAME.txt`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;

use crate::workspace;

const FILE: &str = "tools/tools.json";
const REQUIREMENTS: &str = "tools/requirements";

/// The certificates of Debian's package alone: the machine's own bundle may also hold those of a company's proxy.
pub const CERTIFICATES: &str = "/usr/share/ca-certificates/mozilla";

/// A purpose that needs tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// The checks of formatting and lints.
    Check,
    /// Building the fuzz targets.
    Fuzz,
    /// Testing the API against its descriptions and against a browser.
    Api,
    /// Stopping the service behind proxies.
    Proxy,
    /// Rendering the chart.
    Chart,
    /// Calling the API of a cluster.
    Kubernetes,
    /// Running the project's own cluster.
    OwnCluster,
    /// Resource metrics on the project's own cluster.
    Metrics,
    /// An Ingress controller with the Gateway API on the project's own cluster.
    Ingress,
    /// Enforcing network policies on the project's own cluster.
    Policies,
    /// Building the container image.
    Image,
    /// Checking and applying the Terraform module and envs.
    Terraform,
    /// Carrying a saved plan from one machine to another.
    Plan,
    /// Deploying to an existing cluster, with any kubectl.
    Deploy,
    /// Applying the roots for AWS without an account.
    FakeAws,
    /// Drawing the pictures of the documentation.
    Pictures,
    /// Comparing the service with other servers.
    Bench,
    /// Comparing the agent with another program of its kind.
    BenchAgent,
    /// Running the service against the database that it has in production.
    Database,
    /// Scanning our own code.
    ScanCode,
    /// Scanning dependencies.
    ScanDependencies,
    /// Scanning files and history for secrets.
    ScanSecrets,
    /// Scanning chart, Terraform and Dockerfiles against policies.
    ScanPolicies,
    /// Scanning the workflows.
    ScanWorkflows,
    /// Packing a release and pushing it to a registry.
    Release,
    /// Running a registry.
    Registry,
}

impl Use {
    pub const ALL: [Self; 26] = [
        Self::Check,
        Self::Fuzz,
        Self::Api,
        Self::Proxy,
        Self::Chart,
        Self::Kubernetes,
        Self::OwnCluster,
        Self::Metrics,
        Self::Ingress,
        Self::Policies,
        Self::Image,
        Self::Terraform,
        Self::Plan,
        Self::Deploy,
        Self::FakeAws,
        Self::Pictures,
        Self::Bench,
        Self::BenchAgent,
        Self::Database,
        Self::ScanCode,
        Self::ScanDependencies,
        Self::ScanSecrets,
        Self::ScanPolicies,
        Self::ScanWorkflows,
        Self::Release,
        Self::Registry,
    ];
}

/// The origin of a tool, with its version where the project pins one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    Debian {
        package: String,
    },
    GoInstall {
        package: String,
        version: String,
    },
    /// A command that `go install` refuses or misnames: its module replaces others, or its folder has another name.
    GoBuild {
        module: String,
        version: String,
        package: String,
        /// Modules that its go.mod replaces, each by a module and a version.
        #[serde(default)]
        replaced: Vec<(String, String)>,
    },
    /// The YAML files of a folder of a Go module, as one file.
    GoFiles {
        module: String,
        version: String,
        folder: String,
    },
    /// A command of a Go module below `e2e/cluster`, whose go.mod pins the versions.
    GoModule {
        module: String,
        package: String,
    },
    Rustup {
        component: String,
    },
    /// A command of a crate, built with the versions that its own lock file names.
    Cargo {
        package: String,
        version: String,
    },
    /// A command of the first package of the tool's requirements. All that it needs is pinned beside it, as nothing else is fetched.
    Python {
        #[serde(default)]
        packages: Vec<String>,
    },
    /// Nothing a task may install by itself.
    ByHand {
        how: String,
    },
}

impl Source {
    /// The source is a Go module.
    pub(crate) fn is_go(&self) -> bool {
        match self {
            Self::GoInstall { .. } | Self::GoBuild { .. } | Self::GoFiles { .. } | Self::GoModule { .. } => {
                true
            }
            Self::Debian { .. }
            | Self::Rustup { .. }
            | Self::Cargo { .. }
            | Self::Python { .. }
            | Self::ByHand { .. } => false,
        }
    }
}

/// The proof that a tool is installed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The file in the cache, whose folder name carries the version.
    Built,
    /// A path the distribution's package puts in place.
    File(String),
    /// A command that exits with 0.
    Runs(Vec<String>),
    /// Commands of which one exits with 0.
    AnyRuns(Vec<Vec<String>>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub name: String,
    #[serde(default, rename = "note")]
    _note: Option<String>,
    pub source: Source,
    pub proof: Proof,
    pub uses: Vec<Use>,
}

/// The Kubernetes that `e2e/cluster/go.mod` pins; a Go build has to be given the version that it reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kubernetes {
    #[serde(rename = "note")]
    _note: String,
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pins {
    #[serde(rename = "note")]
    _note: String,
    kubernetes: Kubernetes,
    tools: Vec<Tool>,
}

static PINS: LazyLock<Result<Pins, String>> = LazyLock::new(|| read().map_err(|error| format!("{error:#}")));

/// All tools, in the order in which they have to be installed; none where their file cannot be read.
pub fn tools() -> &'static [Tool] {
    try_tools().unwrap_or_default()
}

/// All tools.
///
/// # Errors
/// Their file cannot be read.
pub fn try_tools() -> Result<&'static [Tool]> {
    let pins = PINS.as_ref().map_err(|error| anyhow!("{error}"))?;
    Ok(&pins.tools)
}

/// The version of the project's own cluster.
pub fn kubernetes_version() -> &'static str {
    PINS.as_ref().map_or("", |pins| &pins.kubernetes.version)
}

fn read() -> Result<Pins> {
    let text =
        fs::read_to_string(workspace::root().join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let mut pins: Pins =
        serde_json::from_str(&text).with_context(|| format!("{FILE} is no table of tools"))?;
    for tool in &mut pins.tools {
        if let Source::Python { packages } = &mut tool.source {
            *packages = requirements(&requirements_file(&tool.name))?;
        }
    }
    Ok(pins)
}

fn requirements_file(tool: &str) -> PathBuf {
    workspace::root().join(REQUIREMENTS).join(format!("{tool}.txt"))
}

/// The requirements in a file, each `NAME==VERSION`.
fn requirements(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn pins() -> &'static Pins {
        PINS.as_ref().unwrap()
    }

    /// A version, and not a range or a branch.
    fn is_exact(version: &str) -> bool {
        version.starts_with(|c: char| c.is_ascii_digit())
            && version.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
            && version.contains('.')
    }

    #[test]
    fn tools_are_listed_once() {
        let names: BTreeSet<_> = pins().tools.iter().map(|tool| &tool.name).collect();
        assert_eq!(names.len(), pins().tools.len());
    }

    #[test]
    fn every_pin_is_one_version() {
        for tool in &pins().tools {
            let versions = match &tool.source {
                Source::GoInstall { version, .. }
                | Source::GoBuild { version, .. }
                | Source::GoFiles { version, .. } => vec![version.strip_prefix('v').unwrap()],
                Source::Cargo { version, .. } => vec![version.as_str()],
                Source::Python { packages } => {
                    assert!(!packages.is_empty(), "{}", tool.name);
                    packages.iter().map(|package| package.split_once("==").unwrap().1).collect()
                }
                Source::Debian { .. }
                | Source::GoModule { .. }
                | Source::Rustup { .. }
                | Source::ByHand { .. } => Vec::new(),
            };
            assert!(versions.iter().all(|version| is_exact(version)), "{}: {versions:?}", tool.name);
        }
        assert!(is_exact(kubernetes_version()));
    }

    #[test]
    fn a_range_is_no_exact_pin() {
        for version in ["latest", ">=1.2", "1.2.*", "1", ""] {
            assert!(!is_exact(version), "{version}");
        }
    }

    #[test]
    fn every_requirements_file_belongs_to_a_tool() {
        for entry in fs::read_dir(workspace::root().join(REQUIREMENTS)).unwrap() {
            let path = entry.unwrap().path();
            let tool = |tool: &&Tool| requirements_file(&tool.name) == path;
            let tool = pins().tools.iter().find(tool).unwrap_or_else(|| panic!("{}", path.display()));
            assert!(matches!(tool.source, Source::Python { .. }), "{}", path.display());
        }
    }

    #[test]
    fn every_tool_has_a_use_and_vice_versa() {
        assert!(pins().tools.iter().all(|tool| !tool.uses.is_empty()));
        for used in Use::ALL {
            assert!(pins().tools.iter().any(|tool| tool.uses.contains(&used)), "{used:?}");
        }
    }

    #[test]
    fn tools_written_in_go_need_go() {
        let go = pins().tools.iter().find(|tool| tool.name == "go").unwrap();
        for tool in pins().tools.iter().filter(|tool| tool.source.is_go()) {
            assert!(tool.uses.iter().all(|used| go.uses.contains(used)), "{}", tool.name);
        }
    }

    #[test]
    fn certificates_are_those_that_are_proven() {
        let tool = pins().tools.iter().find(|tool| tool.name == "ca-certificates").unwrap();
        assert!(matches!(&tool.proof, Proof::File(path) if path == CERTIFICATES));
    }

    #[test]
    fn kubernetes_version_is_that_of_the_go_module() {
        let go_mod = fs::read_to_string(workspace::go_module().join("go.mod")).unwrap();
        assert!(go_mod.contains(&format!("k8s.io/kubernetes v{}\n", kubernetes_version())));
    }
}
