//! Labels of the Secrets that belong to a release.

use crate::project::PROJECT;

pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(super) const MANAGER: &str = PROJECT.manager;
pub(super) const INSTANCE: &str = "app.kubernetes.io/instance";

/// The selector of all Secrets that were made for a release.
pub(super) fn selector(release: &str) -> String {
    format!("--selector={MANAGED_BY}={MANAGER},{INSTANCE}={release}")
}
