//! The release whose rollout is followed.

use crate::process::Cmd;

/// A release, and how its objects are asked for.
pub(crate) struct ReleaseRef<'a> {
    /// Names the cluster, and the namespace where that is not the current one.
    pub(crate) kubectl: &'a dyn Fn() -> Cmd,
    pub(crate) release: &'a str,
}

impl ReleaseRef<'_> {
    /// Selects the replicas and what makes them, and no pod of `helm test`.
    pub(super) fn selector(&self) -> String {
        format!("--selector=app.kubernetes.io/instance={},app.kubernetes.io/name", self.release)
    }
}
