//! The release whose rollout is followed.

use crate::program::Program;

/// A release, and how its objects are asked for.
pub(in crate::deploy) struct ReleaseRef<'a> {
    /// Names the cluster, and the namespace where that is not the current one.
    pub(in crate::deploy) kubectl: &'a dyn Fn() -> Program,
    pub(in crate::deploy) release: &'a str,
}

impl ReleaseRef<'_> {
    /// Selects the replicas and what makes them, and no pod of `helm test`.
    pub(super) fn selector(&self) -> String {
        format!("--selector=app.kubernetes.io/instance={},app.kubernetes.io/name", self.release)
    }
}
