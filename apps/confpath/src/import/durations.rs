//! Durations of other notations, in milliseconds.

use std::time::Duration;

/// The sentence for a default that a contract cannot hold.
pub(super) const NO_DURATION: &str =
    "is no whole number of milliseconds from 0, as a contract's durations are";

/// Parses a duration of ISO 8601 without years and months, which have no fixed length: `PT1.5S`, `P1DT2H`. `None` for anything else,
/// such as a negative one and one with less than a millisecond.
pub(crate) fn iso_8601(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('P')?;
    let (days, time) = text.split_once('T').map_or((text, None), |(days, time)| (days, Some(time)));
    let mut units = vec![(days, [('W', 604_800_000), ('D', 86_400_000)].as_slice())];
    if let Some(time) = time {
        units.push((time, [('H', 3_600_000), ('M', 60_000), ('S', 1000)].as_slice()));
    }
    let is_empty = units.iter().all(|(text, _)| text.is_empty()) || time == Some("");
    if is_empty {
        return None;
    }
    let mut total = 0_u64;
    for (mut rest, units) in units {
        for (unit, millis) in units {
            let Some((number, after)) = rest.split_once(*unit) else { continue };
            total = total.checked_add(millis_of(number, *millis)?)?;
            rest = after;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(Duration::from_millis(total))
}

/// Parses a duration as Spring Boot does, which takes a plain number for milliseconds: `10`, `30s`, `1d`, `PT30S`.
pub(crate) fn spring(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 6] =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("", 1)];
    let lower = text.to_ascii_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(digits);
    match UNITS.into_iter().find(|(name, _)| *name == unit) {
        Some((_, millis)) => millis_of(number, millis).map(Duration::from_millis),
        None => iso_8601(&text.to_ascii_uppercase()),
    }
}

/// Parses a number of seconds: `30`, `1.5`.
pub(crate) fn of_seconds(text: &str) -> Option<Duration> {
    millis_of(text, 1000).map(Duration::from_millis)
}

/// Whole and broken parts of a unit in milliseconds, without rounding.
fn millis_of(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    let fraction = fraction.trim_end_matches('0');
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()?.checked_mul(unit)? };
    if part % scale != 0 {
        return None;
    }
    whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(part / scale)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{iso_8601, spring};

    fn millis(duration: Option<Duration>) -> Option<u128> {
        duration.map(|duration| duration.as_millis())
    }

    #[test]
    fn durations_of_iso_8601_are_exact() {
        for (text, expected) in [
            ("PT30S", 30_000),
            ("PT1.5S", 1500),
            ("PT1M30S", 90_000),
            ("P1DT2H", 93_600_000),
            ("P1W", 604_800_000),
            ("PT0S", 0),
            ("PT0.250S", 250),
        ] {
            assert_eq!(millis(iso_8601(text)), Some(expected), "{text}");
        }
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "30s",
            "-PT1S",
            "PT-1S",
            "P1Y",
            "P1M",
            "PT0.0001S",
            "PT1S1M",
            "PT1",
            "PT.5S",
        ] {
            assert_eq!(iso_8601(text), None, "{text}");
        }
    }

    #[test]
    fn durations_of_spring_have_its_units() {
        for (text, expected) in [
            ("10", 10),
            ("30s", 30_000),
            ("30S", 30_000),
            ("1d", 86_400_000),
            ("PT5M", 300_000),
            ("250ms", 250),
        ] {
            assert_eq!(millis(spring(text)), Some(expected), "{text}");
        }
        for text in ["", "10us", "5ns", "-5s", "a", "s"] {
            assert_eq!(spring(text), None, "{text}");
        }
    }
}
