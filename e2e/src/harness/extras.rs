//! Optional components of the cluster under test, as `cargo xtask cluster up --with` starts them.

use std::io::{self, Write as _};

/// Lists the components, separated by commas; not set or empty for a cluster that has none of its own.
pub const WITH_VARIABLE: &str = "E2E_WITH";

/// A component that some clusters lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// Resource metrics.
    Metrics,
    /// An Ingress controller of the class `traefik` that serves the Gateway API, too.
    Ingress,
    /// Enforcement of network policies.
    Policies,
}

impl Extra {
    /// Returns true if the cluster has the component. If it is not listed, a message reports that the test has no subject; if
    /// it is listed and does not work, the test fails.
    pub fn is_there(self) -> bool {
        let listed = std::env::var(WITH_VARIABLE).unwrap_or_default();
        let is_there = listed.split(',').any(|name| name == self.name());
        if !is_there {
            // The test runner holds back what a test prints by `eprintln!`.
            let said = writeln!(
                io::stderr(),
                "not tested: this cluster has no component `{}`; `cargo xtask test cluster --cluster own` starts one that has",
                self.name()
            );
            assert!(said.is_ok(), "stderr is closed");
        }
        is_there
    }

    fn name(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Ingress => "ingress",
            Self::Policies => "policies",
        }
    }
}
