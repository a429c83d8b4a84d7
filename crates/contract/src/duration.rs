//! Durations as text: a whole number and a unit.

use std::time::Duration;

/// Units with their milliseconds, longest first.
pub(crate) const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// The longest duration of a setting, 1 000 000 h: what every language's own type holds, also that of Go (nanoseconds in 63 bits).
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(1_000_000 * 3600);

/// Parses a whole number with a unit: `250ms`, `30s`, `5m`, `2h`. `None` for anything else, such as a sign, a blank, a
/// fraction, a leading zero or a second unit.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    if number.is_empty() || (number.len() > 1 && number.starts_with('0')) {
        return None;
    }
    let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(millis).map(Duration::from_millis)
}

/// The text of a duration in its longest whole unit. Less than a millisecond is left out.
pub fn format_duration(duration: Duration) -> String {
    let total = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let whole = |(_, millis): &(&str, u64)| total > 0 && total % millis == 0;
    let (unit, millis) = UNITS.into_iter().find(whole).unwrap_or(("s", 1000));
    format!("{}{unit}", total / millis)
}

#[cfg(test)]
mod tests {
    use super::{Duration, format_duration, parse_duration};

    #[test]
    fn duration_is_one_whole_number_with_unit() {
        for (text, millis) in [("0s", 0), ("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
            assert_eq!(format_duration(Duration::from_millis(millis)), text);
        }
        let bad =
            ["", "s", "5", "05s", "-5s", "+5s", "1.5s", "5 s", " 5s", "5s ", "5S", "1h30m", "5us", "٣s"];
        for text in bad.into_iter().chain(["99999999999999999999s", "18446744073709551615h"]) {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
