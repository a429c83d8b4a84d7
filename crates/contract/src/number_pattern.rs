//! A pattern for a range of whole numbers: where numbers travel as text, a schema can limit them in no other way.

/// A pattern without anchors that matches `minimum` to `maximum` in plain decimal, without leading zeros and without `-0`.
pub(crate) fn number_pattern(minimum: i128, maximum: i128) -> String {
    let mut parts = Vec::new();
    if minimum < 0 {
        let least = if maximum < 0 { maximum.unsigned_abs() } else { 1 };
        magnitudes(least, minimum.unsigned_abs(), "-", &mut parts);
    }
    if maximum >= 0 {
        magnitudes(minimum.max(0).unsigned_abs(), maximum.unsigned_abs(), "", &mut parts);
    }
    format!("(?:{})", parts.join("|"))
}

/// Adds patterns for `minimum` to `maximum`, each after `sign`.
fn magnitudes(minimum: u128, maximum: u128, sign: &str, parts: &mut Vec<String>) {
    let mut low = minimum;
    // Numbers of equal length are compared digit by digit.
    while low <= maximum {
        let longest_alike = 10_u128.checked_pow(digits(low)).map_or(u128::MAX, |next| next - 1);
        let high = longest_alike.min(maximum);
        same_length(&low.to_string(), &high.to_string(), sign, parts);
        let Some(next) = high.checked_add(1) else { break };
        low = next;
    }
}

fn digits(number: u128) -> u32 {
    number.checked_ilog10().unwrap_or_default() + 1
}

/// Adds patterns for the texts from `low` to `high`, which have the same length, each after `prefix`.
fn same_length(low: &str, high: &str, prefix: &str, parts: &mut Vec<String>) {
    let (Some(first), Some(last)) = (low.chars().next(), high.chars().next()) else {
        parts.push(prefix.into());
        return;
    };
    let (low_rest, high_rest) = (&low[1..], &high[1..]);
    let free = low_rest.len();
    if low_rest.chars().all(|c| c == '0') && high_rest.chars().all(|c| c == '9') {
        parts.push(format!("{prefix}{}{}", class(first, last), any(free)));
    } else if first == last {
        same_length(low_rest, high_rest, &format!("{prefix}{first}"), parts);
    } else {
        let (nines, zeros) = ("9".repeat(free), "0".repeat(free));
        same_length(low_rest, &nines, &format!("{prefix}{first}"), parts);
        let (above, below) = (char::from(first as u8 + 1), char::from(last as u8 - 1));
        if above <= below {
            parts.push(format!("{prefix}{}{}", class(above, below), any(free)));
        }
        same_length(&zeros, high_rest, &format!("{prefix}{last}"), parts);
    }
}

/// The pattern of one digit from `first` to `last`.
pub(crate) fn class(first: char, last: char) -> String {
    if first == last { first.into() } else { format!("[{first}-{last}]") }
}

fn any(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "[0-9]".into(),
        _ => format!("[0-9]{{{count}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::number_pattern;

    #[test]
    fn range_pattern_is_human_readable() {
        assert_eq!(number_pattern(1, 1000), "(?:[1-9]|[1-9][0-9]|[1-9][0-9]{2}|1000)");
        assert_eq!(number_pattern(0, 9), "(?:[0-9])");
        assert_eq!(number_pattern(7, 7), "(?:7)");
        assert_eq!(number_pattern(-12, 5), "(?:-[1-9]|-1[0-2]|[0-5])");
        assert_eq!(number_pattern(5, 123), "(?:[5-9]|[1-9][0-9]|10[0-9]|11[0-9]|12[0-3])");
    }

    #[test]
    fn pattern_matches_exactly_numbers_in_range() {
        for (minimum, maximum) in
            [(1, 1000), (0, 0), (17, 203), (99, 1001), (1, 65535), (-20, 3), (-1001, -99)]
        {
            let pattern = regex_lite::Regex::new(&format!("^{}$", number_pattern(minimum, maximum))).unwrap();
            for number in minimum - 1100..=maximum + 1100 {
                let inside = (minimum..=maximum).contains(&number);
                assert_eq!(
                    pattern.is_match(&number.to_string()),
                    inside,
                    "{number} of {minimum}..={maximum}"
                );
            }
            assert!(!pattern.is_match(&format!("0{maximum}")) && !pattern.is_match("-0"));
        }
    }
}
