//! Sampling of traces.

use std::num::NonZeroU128;

use crate::trace_context::TraceContext;

/// One of the six samplers of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampler {
    /// Number of trace ids out of 2^63 that are sampled.
    threshold: u64,
    follows_parent: bool,
}

impl Sampler {
    /// Names of the samplers, in the order of messages.
    pub(super) const NAMES: [&str; 6] = [
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ];

    /// Default of the standard: every trace that begins here, and others if their caller samples them.
    pub(super) const DEFAULT: &str = "parentbased_always_on";

    /// Makes a sampler. `name` is one of [`Self::NAMES`]; `ratio` is from 0 to 1, and only the samplers by ratio use it.
    pub(super) fn named(name: &str, ratio: f64) -> Self {
        let (root, follows_parent) = match name.strip_prefix("parentbased_") {
            Some(root) => (root, true),
            None => (name, false),
        };
        let ratio = match root {
            "traceidratio" => ratio,
            "always_off" => 0.0,
            _ => 1.0,
        };
        Self { threshold: threshold(ratio), follows_parent }
    }

    pub(super) fn samples(self, parent: Option<&TraceContext>, trace_id: NonZeroU128) -> bool {
        match parent {
            Some(parent) if self.follows_parent => parent.is_sampled(),
            _ => low_half(trace_id) >> 1 < self.threshold,
        }
    }

    /// True if the sampler uses the ratio.
    pub(super) fn takes_ratio(name: &str) -> bool {
        name.ends_with("traceidratio")
    }
}

/// Low half of the trace id, which OpenTelemetry's own libraries use too: services with the same ratio sample the same traces.
#[expect(clippy::cast_possible_truncation, reason = "only the low half is used")]
const fn low_half(trace_id: NonZeroU128) -> u64 {
    trace_id.get() as u64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a ratio within 0 and 1 gives a number within 0 and 2^63, which both types hold"
)]
fn threshold(ratio: f64) -> u64 {
    const ALL: u64 = 1 << 63;
    (ratio * ALL as f64) as u64
}
