//! Which traces are recorded.

use std::num::NonZeroU128;

use crate::trace_context::TraceContext;

/// One of the six samplers that the standard names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampler {
    /// Of 2^63 trace ids, as many are recorded.
    threshold: u64,
    follows_parent: bool,
}

impl Sampler {
    /// In the order in which a message names them.
    pub(super) const NAMES: [&str; 6] = [
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ];

    /// The standard's default: every trace that begins here, and of others those that their caller records.
    pub(super) const DEFAULT: &str = "parentbased_always_on";

    /// `name` is one of [`Self::NAMES`]; `ratio` is within 0 and 1, and used by the samplers by ratio alone.
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

    /// Whether the decision may depend on the ratio that was given.
    pub(super) fn takes_ratio(name: &str) -> bool {
        name.ends_with("traceidratio")
    }
}

/// The half that OpenTelemetry's own libraries decide by, so that services with the same ratio pick the same traces.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
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
