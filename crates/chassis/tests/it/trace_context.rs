use chassis::{TraceContext, TraceState};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

pub(crate) const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(name: &'static str, lines: &[&str]) -> HeaderMap {
    lines.iter().map(|line| (name.parse().unwrap(), HeaderValue::from_str(line).unwrap())).collect()
}

pub(crate) fn context(traceparent: &str) -> Option<TraceContext> {
    TraceContext::from_headers(&headers("traceparent", &[traceparent]))
}

fn text(context: &TraceContext) -> String {
    String::from_utf8(context.traceparent().to_vec()).unwrap()
}

fn state(lines: &[&str]) -> Option<String> {
    TraceState::from_headers(&headers("tracestate", lines)).map(|state| state.as_str().to_owned())
}

#[test]
fn the_standards_example_is_read_field_by_field() {
    let parent = context(PARENT).unwrap();
    assert_eq!(parent.trace_id().get(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
    assert_eq!(parent.span_id().get(), 0x00f0_67aa_0ba9_02b7);
    assert!(parent.is_sampled());
    assert!(!context(&PARENT.replace("-01", "-00")).unwrap().is_sampled());
}

#[test]
fn only_flags_that_are_known_are_kept() {
    assert_eq!(context(&PARENT.replace("-01", "-ff")).unwrap().flags(), 0b11);
    assert_eq!(context(&PARENT.replace("-01", "-fc")).unwrap().flags(), 0);
    assert_eq!(context(&PARENT.replacen("00", "cc", 1).replace("-01", "-03")).unwrap().flags(), 0b01);
}

#[test]
fn future_version_is_read_partially() {
    for valid in ["01", "cc", "fe"].map(|version| PARENT.replacen("00", version, 1)) {
        assert!(context(&valid).is_some(), "{valid}");
        assert!(context(&format!("{valid}-what-the-future-will-be-like")).is_some(), "{valid}");
        assert!(context(&format!("{valid}.what")).is_none(), "{valid}");
    }
    assert_eq!(text(&context(&PARENT.replacen("00", "cc", 1)).unwrap()), PARENT);
}

#[test]
fn what_breaks_the_standard_is_no_context() {
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let broken = [
        String::new(),
        PARENT.replacen("00", "ff", 1),
        PARENT.replacen("00", "0", 1),
        PARENT.replacen("00", "0x", 1),
        PARENT.to_uppercase(),
        PARENT.replace("4bf9", "4Bf9"),
        PARENT.replace("4bf9", "+bf9"),
        PARENT.replace("4bf9", "4bg9"),
        PARENT.replace(id, &"0".repeat(32)),
        PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
        PARENT.replace(id, &id[1..]),
        PARENT.replace("-01", "-1"),
        PARENT.replace("-01", "-0g"),
        PARENT.replace("-01", "-001"),
        PARENT.replace('-', "_"),
        format!("{PARENT}-"),
        format!("{PARENT}-00"),
        format!("{PARENT}0"),
        PARENT[..54].to_owned(),
        PARENT.replace("-01", ".01"),
        PARENT.replace("-00f0", ".00f0"),
        PARENT.replace("-4bf9", ".4bf9"),
    ];
    for text in broken {
        assert_eq!(context(&text), None, "{text}");
    }
}

#[test]
fn two_callers_are_none() {
    assert_eq!(TraceContext::from_headers(&headers("traceparent", &[PARENT, PARENT])), None);
    assert_eq!(TraceContext::from_headers(&HeaderMap::new()), None);
}

#[test]
fn child_stays_in_the_trace() {
    let parent = context(PARENT).unwrap();
    let child = TraceContext::following(Some(&parent));
    assert_eq!((child.trace_id(), child.flags()), (parent.trace_id(), parent.flags()));
    assert_ne!(child.span_id(), parent.span_id());
}

#[test]
fn root_is_a_new_undecided_trace() {
    let (one, other) = (TraceContext::following(None), TraceContext::following(None));
    assert_ne!(one.trace_id(), other.trace_id());
    assert!(!one.is_sampled() && one.with_sampled(true).is_sampled());
    assert_eq!(one.with_sampled(true).with_sampled(false), one);
}

#[test]
fn inject_replaces_the_caller() {
    let mut outgoing = headers("traceparent", &["stale", "stale too"]);
    let context = TraceContext::root().with_sampled(true);
    context.inject(&mut outgoing);
    assert_eq!(TraceContext::from_headers(&outgoing), Some(context));
}

#[test]
fn valid_tracestate_is_passed_on_unchanged() {
    for sane in
        ["congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1, b=2,,c=3", "tenant@system=a b"]
    {
        assert_eq!(state(&[sane]).as_deref(), Some(sane));
        let mut outgoing = HeaderMap::new();
        TraceState::from_headers(&headers("tracestate", &[sane])).unwrap().inject(&mut outgoing);
        assert_eq!(outgoing["tracestate"], sane);
    }
    assert_eq!(state(&["a=1", "b=2", "c=3"]).as_deref(), Some("a=1,b=2,c=3"));
}

#[test]
fn invalid_tracestate_is_dropped() {
    let of_length = |length: usize| {
        let long = "x".repeat(250);
        format!("a={long},b={long},c={}", "x".repeat(length - 508))
    };
    assert!(state(&[&of_length(512)]).is_some());
    assert_eq!(state(&[&of_length(513)]), None);
    let many = |n: usize| vec!["a=1"; n].join(",");
    assert!(state(&[&many(32)]).is_some());
    for broken in ["", ",", "novalue", "=1", "A=1", "a=", "a=b=c", &many(33)] {
        assert_eq!(state(&[broken]), None, "{broken}");
    }
    let half = format!("a={}", "x".repeat(254));
    assert!(state(&[&half, "b=1"]).is_some());
    assert_eq!(state(&[&half, &half]), None);
    assert_eq!(state(&[]), None);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(trace_id in 1u128.., span_id in 1u64.., flags in 0u8..4) {
        let written = format!("00-{trace_id:032x}-{span_id:016x}-{flags:02x}");
        let read = context(&written).unwrap();
        prop_assert_eq!(text(&read), written);
        prop_assert_eq!((read.trace_id().get(), read.span_id().get(), read.flags()), (trace_id, span_id, flags));
    }

    #[test]
    fn traceparent_is_refused_or_kept_digit_for_digit(bytes in "[0-9a-fA-F-]{50,60}|[ -~]{0,70}") {
        if let Some(read) = context(&bytes) {
            prop_assert_eq!(&text(&read)[2..53], &bytes[2..53]);
        }
    }
}
