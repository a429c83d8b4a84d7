use std::net::SocketAddr;
use std::num::NonZeroU128;

use chassis::TraceContext;
use chassis::telemetry::Traces;
use opentelemetry::trace::{SpanKind, TraceId};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample};

use super::traces;

use crate::trace_context::{PARENT, context};

fn sampler(name: &str, ratio: &str) -> Traces {
    traces(
        SocketAddr::from(([127, 0, 0, 1], 9)),
        &[("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", ratio)],
    )
}

fn sampled(traces: &Traces, parent: Option<&TraceContext>, n_traces: usize) -> usize {
    (0..n_traces).filter(|_| traces.samples(parent, &TraceContext::following(parent))).count()
}

/// Decision of OpenTelemetry's own library.
fn of_the_library(ratio: f64, trace_id: NonZeroU128) -> bool {
    let id = TraceId::from_bytes(trace_id.get().to_be_bytes());
    let sampler = Sampler::TraceIdRatioBased(ratio);
    sampler.should_sample(None, id, "", &SpanKind::Server, &[], &[]).decision
        == SamplingDecision::RecordAndSample
}

#[tokio::test]
async fn each_sampler_decides_by_its_rule() {
    let (on, off) = (context(PARENT).unwrap(), context(PARENT).unwrap().with_sampled(false));
    for (name, root, below_on, below_off) in [
        ("always_on", true, true, true),
        ("always_off", false, false, false),
        ("traceidratio", false, false, false),
        ("parentbased_always_on", true, true, false),
        ("parentbased_always_off", false, true, false),
        ("parentbased_traceidratio", false, true, false),
        ("", true, true, false),
    ] {
        let traces = sampler(name, "0");
        let decided = [None, Some(&on), Some(&off)].map(|parent| sampled(&traces, parent, 100));
        assert_eq!(decided, [root, below_on, below_off].map(|all| if all { 100 } else { 0 }), "{name}");
    }
}

#[tokio::test]
async fn sampled_ratio_is_near_the_configured_one() {
    for (ratio, least, most) in [("0.01", 50, 150), ("0.5", 4700, 5300), ("1", 10_000, 10_000)] {
        for name in ["traceidratio", "parentbased_traceidratio"] {
            let n_sampled = sampled(&sampler(name, ratio), None, 10_000);
            assert!((least..=most).contains(&n_sampled), "{name} {ratio}: {n_sampled}");
        }
    }
}

#[tokio::test]
async fn same_ratio_samples_the_same_traces() {
    for ratio in ["0", "0.01", "0.3", "0.999", "1"] {
        let traces = sampler("traceidratio", ratio);
        for context in std::iter::repeat_with(TraceContext::root).take(2000) {
            let expected = of_the_library(ratio.parse().unwrap(), context.trace_id());
            assert_eq!(traces.samples(None, &context), expected, "{ratio} {context:?}");
        }
    }
}
