//! Origin of this binary, as `build.rs` found it.

use chassis::telemetry::Metrics;

/// Version of the service.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Start of the commit's id, followed by `-modified` where the sources differed from it; `unknown` in a debug build and without Git.
pub(crate) const COMMIT: &str = env!("BUILD_COMMIT");
/// Target triple.
pub(crate) const TARGET: &str = env!("BUILD_TARGET");
/// All of them with the date of the commit: `0.1.0 (4242ebc4 2026-11-30, x86_64-unknown-linux-gnu)`.
pub(crate) const SUMMARY: &str = env!("BUILD_VERSION");

/// Adds the metric that says which build runs. Its name begins with the program's: the builds of all programs would share it.
pub(crate) fn register_metrics(metrics: &Metrics) {
    let labels = [("version", VERSION), ("commit", COMMIT), ("target", TARGET)];
    metrics.info("myapp_build", "Version, commit and target of this binary", labels.into());
}
