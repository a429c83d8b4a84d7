//! Parsers of durations in flags and settings.

use std::time::Duration;

/// Maximum duration, longer than any timeout that makes sense: durations are added to times, and to each other, without a
/// further check.
const MAX_DURATION: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Parses a duration such as `5s`, `500ms` or `1m 30s`; use it as clap `value_parser`.
///
/// # Errors
/// A message for the user if the text is not a duration, is a number without a unit (also `0`: write `0s`), or is longer than
/// 365 days.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text.trim().parse::<f64>().is_ok() {
        return Err(format!("a duration needs a unit, for example `{0}s` or `{0}ms`", text.trim()));
    }
    let parsed =
        humantime::parse_duration(text).map_err(|error| format!("{error}, for example `5s` or `500ms`"))?;
    if parsed > MAX_DURATION {
        return Err("must be 365 days at most".to_owned());
    }
    Ok(parsed)
}

/// Parses a duration like [`duration`], above zero: a limit of zero would reject everything.
///
/// # Errors
/// The errors of [`duration`], and one for zero.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        parsed => Ok(parsed),
    }
}
