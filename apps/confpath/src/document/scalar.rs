//! Scalars as all readers of YAML take them.

/// The first whole number that shares its 64 bits with another one, 2^53: below it all readers keep all digits (RFC 8259, 6).
const END_EXACT: f64 = 9_007_199_254_740_992.0;

/// Words that YAML 1.1 reads as a switch, and YAML 1.2 as text.
const SWITCHES: [&str; 8] = ["y", "yes", "on", "n", "no", "off", "true", "false"];

/// A scalar, read by its notation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Null,
    Boolean(bool),
    /// A number, in plain decimal.
    Number(String),
    Text(String),
    /// A notation that YAML 1.1 and 1.2, or Go and other readers, read as different values.
    Ambiguous(String),
    /// A tag that is none of YAML's own for texts.
    Tagged,
}

impl Scalar {
    /// Reads a scalar without quotes and without a tag.
    pub(super) fn plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" => Self::Boolean(true),
            "false" => Self::Boolean(false),
            _ if is_plain_decimal(text) => decimal(text),
            _ if is_ambiguous(text) => Self::Ambiguous(text.to_owned()),
            _ => Self::Text(text.to_owned()),
        }
    }

    /// The kind of value, for a sentence on one that should be text.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Ambiguous(_) => "read in different ways by readers of YAML",
            Self::Tagged => "a value with a tag",
        }
    }
}

fn is_plain_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

/// A number in the notation in which it leaves a reader that holds it in 64 bits. Go writes small and large ones with an exponent.
fn decimal(text: &str) -> Scalar {
    let ambiguous = || Scalar::Ambiguous(text.to_owned());
    let Ok(number) = text.parse::<f64>() else { return ambiguous() };
    let is_exact = number.abs() < END_EXACT && (number == 0.0 || number.abs() >= 1e-4);
    let is_negative_zero = number == 0.0 && text.starts_with('-');
    if is_exact && !is_negative_zero { Scalar::Number(number.to_string()) } else { ambiguous() }
}

/// Returns true for what some reader takes for a switch, a number, a date or a merge key, and another one for text.
fn is_ambiguous(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.strip_prefix(['-', '+']).unwrap_or(&lower);
    let begins_number =
        unsigned.strip_prefix('.').unwrap_or(unsigned).starts_with(|c: char| c.is_ascii_digit());
    let is_of = |characters: &str| unsigned.chars().all(|c| c.is_ascii_digit() || characters.contains(c));
    let is_number = unsigned.replace('_', "").parse::<f64>().is_ok();
    let is_sexagesimal = is_of("_:.") && unsigned.contains(':') && unsigned.matches('.').count() < 2;
    let is_date = unsigned.find('-') == Some(4) && is_of("-:.tz +");
    let has_prefix = ["0x", "0o", "0b"].iter().any(|prefix| unsigned.starts_with(prefix));
    SWITCHES.contains(&lower.as_str())
        || [".nan", ".inf"].contains(&unsigned)
        || ["<<", "="].contains(&text)
        || (begins_number && (is_number || is_sexagesimal || is_date))
        || (has_prefix && unsigned[2..].chars().all(|c| c.is_ascii_hexdigit() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::Scalar;

    #[test]
    fn readers_agree_on_each_plain_scalar() {
        for text in [
            "yes",
            "Off",
            "n",
            "TRUE",
            "0755",
            "0o17",
            "0x1F",
            "1_000",
            "1e3",
            "+5",
            ".5",
            "5.",
            "-0",
            ".inf",
            "-.INF",
            ".NaN",
            "<<",
            "12:30:45",
            "2026-11-30",
            "2001-12-14t21:59:43.10-05:00",
            "9007199254740993",
            "0.00001",
            "1:30",
            "0b1",
        ] {
            assert!(Scalar::plain(text) == Scalar::Ambiguous(text.into()), "{text}");
        }
        for text in
            ["10.0.0.1", "30s", "a b", "1.2.3-rc1", "host:80", "yess", "-", "postgres://u@h/d", "0xyz", "1,2"]
        {
            assert!(Scalar::plain(text) == Scalar::Text(text.into()), "{text}");
        }
        for (text, number) in [
            ("0", "0"),
            ("-12", "-12"),
            ("1.50", "1.5"),
            ("3.0", "3"),
            ("9007199254740991", "9007199254740991"),
        ] {
            assert!(Scalar::plain(text) == Scalar::Number(number.into()), "{text}");
        }
        assert!(Scalar::plain("~") == Scalar::Null && Scalar::plain("false") == Scalar::Boolean(false));
    }
}
