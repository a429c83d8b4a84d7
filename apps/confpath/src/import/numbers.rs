//! Bounds and values of numbers in keywords of a contract.

use serde_json::{Number, Value};

use super::dialect::Subject;
use super::drops::unenforced;

/// Bounds with the exclusive keyword of the same side, and the step from it to the first whole number within.
const BOUNDS: [(&str, &str, i128); 2] =
    [("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)];

/// Leads a whole number's bounds back to `minimum` and `maximum`.
pub(super) fn integer(subject: &mut Subject<'_>) {
    if subject.keywords.get("multipleOf").is_some_and(|step| *step == 1) {
        subject.keywords.take("multipleOf");
    }
    refuse_step(subject);
    for (bound, exclusive, step) in BOUNDS {
        let limits = [(bound, 0), (exclusive, step)].map(|(keyword, step)| {
            let value = subject.keywords.get(keyword)?.as_number()?;
            within(value, step, bound == "minimum")
        });
        for (keyword, limit) in [bound, exclusive].iter().zip(limits) {
            if subject.keywords.get(keyword).is_some() && limit.is_none() {
                subject.refuse(keyword, format!("{keyword} must be a number"));
            }
        }
        let tightest = limits
            .into_iter()
            .flatten()
            .reduce(|one, other| if step > 0 { one.max(other) } else { one.min(other) });
        let place = subject.keywords.place(bound).or(subject.keywords.place(exclusive)).cloned();
        subject.keywords.take(exclusive);
        if let (Some(limit), Some(place)) = (tightest, place) {
            subject.keywords.insert(bound, limit_value(limit), place);
        }
    }
    enum_as_range(subject);
    whole_default(subject);
}

/// Refuses what a contract cannot say of a number with a fraction.
pub(super) fn number(subject: &mut Subject<'_>) {
    refuse_step(subject);
    for (bound, exclusive, _) in BOUNDS {
        if subject.keywords.get(exclusive).is_some() {
            let message = format!(
                "keyword {exclusive:?} is not enforced by a contract: give {bound}, or leave it out with --drop {exclusive}"
            );
            subject.refuse(exclusive, message);
        }
    }
    enum_as_range(subject);
    // Decimals are printed as text, so that no digit is lost.
    let default = subject.keywords.get("default").and_then(Value::as_str).map(str::to_owned);
    if let Some(number) = default.and_then(|text| text.parse::<Number>().ok()) {
        subject.set("default", number);
    }
}

fn refuse_step(subject: &mut Subject<'_>) {
    if subject.keywords.get("multipleOf").is_some() {
        subject.refuse("multipleOf", unenforced("multipleOf"));
    }
}

/// The last whole number within a bound: `step` is not 0 for a bound that is itself outside.
fn within(bound: &Number, step: i128, is_minimum: bool) -> Option<i128> {
    if let Some(whole) = bound.as_i128() {
        return Some(whole + step);
    }
    let bound = bound.as_f64()?;
    let rounded = if is_minimum { bound.ceil() } else { bound.floor() };
    // Beyond it neighbours are no longer told apart.
    let is_exact = rounded.abs() < 9_007_199_254_740_992.0;
    let step = if rounded == bound { step } else { 0 };
    #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 53 bits")]
    is_exact.then_some(rounded as i128 + step)
}

/// A bound as JSON; one that no contract reads keeps its digits, and is refused as it stands.
fn limit_value(limit: i128) -> Value {
    i64::try_from(limit)
        .map(Value::from)
        .or_else(|_| u64::try_from(limit).map(Value::from))
        .unwrap_or_else(|_| limit.to_string().into())
}

/// Replaces a list of whole numbers without a gap by bounds.
fn enum_as_range(subject: &mut Subject<'_>) {
    let Some(values) = subject.keywords.get("enum") else { return };
    let numbers: Option<Vec<i64>> =
        values.as_array().and_then(|values| values.iter().map(Value::as_i64).collect());
    let mut numbers = numbers.unwrap_or_default();
    numbers.sort_unstable();
    numbers.dedup();
    let is_range =
        numbers.windows(2).all(|pair| matches!(pair, [one, other] if one.checked_add(1) == Some(*other)));
    let has_bounds = BOUNDS.iter().any(|(bound, _, _)| subject.keywords.get(bound).is_some());
    match (numbers.as_slice(), is_range && !has_bounds) {
        ([first, .., last], true) => take_range(subject, *first, *last),
        ([only], true) => take_range(subject, *only, *only),
        _ => {
            subject.refuse("enum", "lists numbers with gaps, and a contract lists texts only: give bounds, or leave it out with --drop enum");
        }
    }
}

fn take_range(subject: &mut Subject<'_>, first: i64, last: i64) {
    let place = subject.keywords.take("enum").map(|values| values.place);
    let place = place.unwrap_or_else(|| subject.place.clone());
    subject.set("type", "integer");
    subject.keywords.insert("minimum", first.into(), place.clone());
    subject.keywords.insert("maximum", last.into(), place);
}

/// Writes a whole default such as `5.0` without a fraction.
fn whole_default(subject: &mut Subject<'_>) {
    let Some(Value::Number(default)) = subject.keywords.get("default") else { return };
    let is_whole = default.as_f64().is_some_and(|number| number.fract() == 0.0);
    if let Some(whole) = within(default, 0, true).filter(|_| is_whole) {
        subject.set("default", limit_value(whole));
    }
}
