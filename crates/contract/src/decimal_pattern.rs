//! A pattern for a range of decimal numbers. Every reader of a contract has regular expressions; their numbers round differently.

use crate::number_pattern::{class, number_pattern};

/// Most digits before the point where no maximum limits them: such a number is finite as `f64`.
const MAX_DIGITS: usize = 300;

/// A bound of this magnitude or more has no pattern.
pub(crate) const BOUND_LIMIT: f64 = 1e38;

/// The digits of a number without its sign; the fraction has no zero at its end.
struct Magnitude {
    whole: i128,
    fraction: String,
}

impl Magnitude {
    /// Reads a finite bound below [`BOUND_LIMIT`] as the shortest decimal that stands for it, which is what its author wrote.
    fn of(bound: f64) -> Self {
        let text = bound.abs().to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        Self { whole: whole.parse().unwrap_or(i128::MAX), fraction: fraction.trim_end_matches('0').into() }
    }

    fn zero() -> Self {
        Self { whole: 0, fraction: String::new() }
    }
}

/// A pattern without anchors that matches `minimum` to `maximum` in plain decimal: no leading zero, no exponent, digits on both sides
/// of a point. `-0` is a spelling of 0. A missing bound limits nothing.
pub(crate) fn decimal_pattern(minimum: Option<f64>, maximum: Option<f64>) -> String {
    let mut parts = Vec::new();
    if minimum.is_none_or(|least| least <= 0.0) {
        let smallest = maximum.filter(|most| *most < 0.0).map_or_else(Magnitude::zero, Magnitude::of);
        let signed = magnitudes(&smallest, minimum.map(Magnitude::of).as_ref());
        parts.push(format!("-(?:{signed})"));
    }
    if maximum.is_none_or(|most| most >= 0.0) {
        let smallest = minimum.filter(|least| *least > 0.0).map_or_else(Magnitude::zero, Magnitude::of);
        parts.push(magnitudes(&smallest, maximum.map(Magnitude::of).as_ref()));
    }
    format!("(?:{})", parts.join("|"))
}

/// The alternatives for the numbers from `low` to `high`, or to the largest finite ones.
fn magnitudes(low: &Magnitude, high: Option<&Magnitude>) -> String {
    let any_fraction = r"(?:\.[0-9]+)?";
    let mut parts = Vec::new();
    let from_low = |parts: &mut Vec<String>| {
        parts.push(format!("{}{}", low.whole, fraction_at_least(&low.fraction)));
    };
    match high {
        Some(high) if high.whole == low.whole => {
            parts.push(format!("{}{}", low.whole, fraction_between(&low.fraction, &high.fraction)));
        }
        Some(high) => {
            from_low(&mut parts);
            if low.whole + 1 < high.whole {
                parts.push(format!("{}{any_fraction}", number_pattern(low.whole + 1, high.whole - 1)));
            }
            parts.push(format!("{}{}", high.whole, fraction_at_most(&high.fraction)));
        }
        None => {
            from_low(&mut parts);
            let digits = low.whole.to_string().len();
            let longest = 10_i128.pow(u32::try_from(digits).unwrap_or(38)) - 1;
            if low.whole < longest {
                parts.push(format!("{}{any_fraction}", number_pattern(low.whole + 1, longest)));
            }
            parts.push(format!("[1-9][0-9]{{{digits},{}}}{any_fraction}", MAX_DIGITS - 1));
        }
    }
    parts.join("|")
}

fn fraction_at_least(least: &str) -> String {
    if least.is_empty() { r"(?:\.[0-9]+)?".into() } else { format!(r"\.{}", digits_at_least(least)) }
}

fn fraction_at_most(most: &str) -> String {
    if most.is_empty() { r"(?:\.0+)?".into() } else { format!(r"(?:\.{})?", digits_at_most(most)) }
}

fn fraction_between(least: &str, most: &str) -> String {
    if least.is_empty() { fraction_at_most(most) } else { format!(r"\.{}", digits_between(least, most)) }
}

/// The digits after a point that are not less than `least`.
fn digits_at_least(least: &str) -> String {
    let Some((first, rest)) = split(least) else { return "[0-9]*".into() };
    let more =
        if first < b'9' { format!("|{}[0-9]*", class(char::from(first + 1), '9')) } else { String::new() };
    format!("(?:{}{}{more})", char::from(first), digits_at_least(rest))
}

/// One digit or more after a point, not more than `most`.
fn digits_at_most(most: &str) -> String {
    let Some((first, rest)) = split(most) else { return "0+".into() };
    let less =
        if first > b'0' { format!("|{}[0-9]*", class('0', char::from(first - 1))) } else { String::new() };
    format!("(?:{}{}{less})", char::from(first), rest_at_most(rest))
}

fn rest_at_most(rest: &str) -> String {
    if rest.is_empty() { "0*".into() } else { format!("(?:{})?", digits_at_most(rest)) }
}

/// The digits after a point from `least` to `most`, of which the first is not empty.
fn digits_between(least: &str, most: &str) -> String {
    let (Some((low, low_rest)), Some((high, high_rest))) = (split(least), split(most)) else {
        return rest_at_most(most);
    };
    if low == high {
        let rest =
            if low_rest.is_empty() { rest_at_most(high_rest) } else { digits_between(low_rest, high_rest) };
        return format!("{}{rest}", char::from(low));
    }
    let mut parts = vec![
        format!("{}{}", char::from(low), digits_at_least(low_rest)),
        format!("{}{}", char::from(high), rest_at_most(high_rest)),
    ];
    if low + 1 < high {
        parts.push(format!("{}[0-9]*", class(char::from(low + 1), char::from(high - 1))));
    }
    format!("(?:{})", parts.join("|"))
}

fn split(digits: &str) -> Option<(u8, &str)> {
    Some((*digits.as_bytes().first()?, &digits[1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decimal_pattern;

    fn is_match(minimum: Option<f64>, maximum: Option<f64>, text: &str) -> bool {
        let pattern = format!("^{}$", decimal_pattern(minimum, maximum));
        regex_lite::Regex::new(&pattern).unwrap().is_match(text)
    }

    #[test]
    fn bounds_are_compared_as_they_are_written() {
        for (minimum, maximum, good, bad) in [
            (
                Some(0.1),
                Some(0.3),
                &["0.1", "0.10", "0.2999", "0.30", "0.2"][..],
                &["0.0999999999999999999", "0.3000000000000000001", "0", "1", ".2"][..],
            ),
            (
                Some(-1.5),
                Some(1.0),
                &["-1.5", "-1.50", "-0", "0", "1.000", "-1", "0.99"],
                &["-1.51", "1.001", "-2", "01", "1.", "+1", "1e0"],
            ),
            (Some(2.0), None, &["2", "2.5", "10", "123456.7"], &["1.999", "-2", "0"]),
            (None, Some(-2.25), &["-2.25", "-2.3", "-100"], &["-2.249", "0", "2.25"]),
            (Some(0.125), Some(0.129), &["0.125", "0.1285", "0.129"], &["0.12499", "0.12901", "0.13"]),
            (None, None, &["0", "-7.25", "900000000000000000000"], &["", "-", "00", "1e3"]),
        ] {
            for text in good {
                assert!(is_match(minimum, maximum, text), "{text} of {minimum:?} to {maximum:?}");
            }
            for text in bad {
                assert!(!is_match(minimum, maximum, text), "{text} of {minimum:?} to {maximum:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn range_holds_its_hundredths_only(one in -3000_i32..3000, two in -3000_i32..3000, value in -3500_i32..3500) {
            let (low, high) = (one.min(two), one.max(two));
            let text = format!("{}{}.{:02}", if value < 0 { "-" } else { "" }, value.abs() / 100, value.abs() % 100);
            let bounds = (Some(f64::from(low) / 100.0), Some(f64::from(high) / 100.0));
            prop_assert_eq!(is_match(bounds.0, bounds.1, &text), (low..=high).contains(&value), "{} of {:?}", text, bounds);
            prop_assert_eq!(is_match(bounds.0, None, &text), low <= value);
            prop_assert_eq!(is_match(None, bounds.1, &text), value <= high);
        }
    }
}
