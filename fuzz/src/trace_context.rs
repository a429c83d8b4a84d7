//! `traceparent` and `tracestate`: the verdict of W3C Trace Context, read from its text a second time.

use chassis::{TraceContext, TraceState};
use http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Takes a header line from each line of `input`: of `traceparent` after a `p`, of `tracestate` after an `s`.
pub fn check(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        let (name, value) = match line {
            [b'p', value @ ..] => (TRACEPARENT, value),
            [b's', value @ ..] => (TRACESTATE, value),
            _ => continue,
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
    check_context(&headers);
    check_state(&headers);
}

fn check_context(headers: &HeaderMap) {
    let context = TraceContext::from_headers(headers);
    let values: Vec<_> = headers.get_all(TRACEPARENT).iter().map(HeaderValue::as_bytes).collect();
    let expected = if let [only] = values[..] { parent(only) } else { None };
    let found =
        context.map(|context| (context.trace_id().get(), context.span_id().get(), context.is_sampled()));
    assert_eq!(found, expected);
    if let Some(context) = context {
        let mut passed_on = HeaderMap::new();
        context.inject(&mut passed_on);
        assert_eq!(
            TraceContext::from_headers(&passed_on),
            Some(context),
            "not the same after it was passed on"
        );
        assert_eq!(context.child().trace_id(), context.trace_id());
    }
}

/// Trace id, parent id and whether it is sampled (Trace Context, 2.2).
fn parent(text: &[u8]) -> Option<(u128, u64, bool)> {
    // What a later version adds after a dash may be any bytes.
    let end = text.iter().enumerate().filter(|(_, byte)| **byte == b'-').map(|(at, _)| at).nth(3);
    let has_more = end.is_some();
    let known = std::str::from_utf8(&text[..end.unwrap_or(text.len())]).ok()?;
    let mut fields = known.split('-');
    let mut field = |digits: usize| {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        fields.next().filter(|field| field.len() == digits && field.bytes().all(is_hex))
    };
    let (version, trace_id, span_id, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    if version == "ff" || (version == "00" && has_more) {
        return None;
    }
    let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
    let span_id = u64::from_str_radix(span_id, 16).ok().filter(|id| *id != 0)?;
    Some((trace_id, span_id, u8::from_str_radix(flags, 16).ok()? & 1 == 1))
}

fn check_state(headers: &HeaderMap) {
    let state = TraceState::from_headers(headers);
    let lines: Vec<_> = headers.get_all(TRACESTATE).iter().map(HeaderValue::as_bytes).collect();
    let list = lines.join(&b',');
    assert_eq!(state.is_some(), is_list(&list), "{:?}", String::from_utf8_lossy(&list));
    if let Some(state) = state {
        assert_eq!(state.as_str().as_bytes(), list, "not passed on as it came");
        let mut passed_on = HeaderMap::new();
        state.inject(&mut passed_on);
        assert_eq!(TraceState::from_headers(&passed_on), Some(state));
    }
}

/// Whether that is a list of 1 to 32 members, empty ones not counted, in at most 512 bytes (Trace Context level 2, 3.3).
fn is_list(list: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let members: Vec<_> = list
        .split(|byte| *byte == b',')
        .map(|member| {
            let begin = member.iter().take_while(|byte| is_blank(byte)).count();
            let end = member[begin..].iter().rev().take_while(|byte| is_blank(byte)).count();
            &member[begin..member.len() - end]
        })
        .filter(|member| !member.is_empty())
        .collect();
    list.len() <= 512 && (1..=32).contains(&members.len()) && members.iter().all(|member| is_member(member))
}

fn is_member(member: &[u8]) -> bool {
    let Some(end) = member.iter().position(|byte| *byte == b'=') else { return false };
    let (key, value) = (&member[..end], &member[end + 1..]);
    let begins_key = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_key = key.first().is_some_and(begins_key)
        && key.len() <= 256
        && key.iter().all(|byte| begins_key(byte) || b"_-*/@".contains(byte));
    let is_value = (1..=256).contains(&value.len())
        && value.iter().all(|byte| matches!(byte, 0x20..=0x2b | 0x2d..=0x3c | 0x3e..=0x7e))
        && value.last() != Some(&b' ');
    is_key && is_value
}
