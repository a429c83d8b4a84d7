//! Random texts for one setting: good ones, ones just beyond a limit, and nonsense.

use fastrand::Rng;
use serde_json::Value;

/// Portable patterns of a whole text, each with texts that it matches.
pub(super) const PATTERNS: [(&str, [&str; 3]); 10] = [
    (r"^(?:[a-z]+(?:-[a-z0-9]+)*)$", ["a", "ab-9", "abc-d-ef"]),
    (r"^(?:\d{1,3}(?:\.\d{1,3}){3})$", ["1.2.3.4", "10.0.0.1", "0.0.0.0"]),
    (r"^(?:.{2,4})$", ["ab", "é\u{1f600}x", "a\"\\b"]),
    (r"^(?:[^a-z.-]{2,})$", ["AB", "\u{1f600}\u{1f600}", "_1 Q"]),
    (r"^(?:[\w.-]+@[\w\-]+\/?)$", ["a@b", "a.b@c-d/", "_@_"]),
    (r"^(?:a$|b|(c)+?)$", ["a", "b", "ccc"]),
    (r"^(?:\x41\v?-|[|x|]{1,2}|\$\{[^}]*\})$", ["A-", "|x", "${a}"]),
    (r"^(?:é[^é]*|/(?:[^/.][^/]*|\.[^/.][^/]*)+)$", ["é", "/ab", "/.x"]),
    (r"^(?:[A-Z\]\[^-]*|x{0,3}?)$", ["A]^-", "xxx", ""]),
    (r#"^(?:"[^"\\]*"|'\\'|`[^`]`)$"#, ["\"a\"", "'\\'", "`x`"]),
];

/// Texts that a reader may read in another way.
const ODD: [&str; 34] = [
    "",
    " ",
    "[",
    "[]",
    "[ ]",
    "[1,]",
    "[,]",
    "[null]",
    "[[1]]",
    "[1e3]",
    r#"["a","b"]"#,
    r#"["\\","\""]"#,
    r#"["\n"]"#,
    r#"[ "a" , 5 ,true]"#,
    r#"["a\u0041"]"#,
    r#" ["a"]"#,
    ",",
    "a,,b",
    " a , b ",
    "\u{feff}a",
    "a\u{2028}b",
    "a\rb",
    "a\nb",
    "\n",
    "a\tb",
    "a\0",
    "\u{85}",
    "\u{7f}",
    "\u{ffff}",
    "\u{a0}",
    "٣",
    "1\u{301}",
    "\u{1f600}",
    "true",
];

/// Characters of random texts.
const CHARACTERS: [char; 14] =
    ['a', 'b', 'x', 'Z', '0', '9', '-', '.', ' ', ',', '"', '\\', 'é', '\u{1f600}'];

/// A random text for a setting: mostly one that its type takes, or nearly.
pub(super) fn text_for(property: &Value, random: &mut Rng) -> String {
    match random.u8(..12) {
        0 => ODD[random.usize(..ODD.len())].into(),
        1 => damaged(&near(property, random), random),
        _ => near(property, random),
    }
}

/// A text with one character more, less or in another case.
fn damaged(text: &str, random: &mut Rng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let place = random.usize(..=characters.len());
    match random.u8(..4) {
        0 => characters.insert(place, CHARACTERS[random.usize(..CHARACTERS.len())]),
        1 => characters.insert(place, [' ', '\n', '\t', '+', '0'][random.usize(..5)]),
        2 => drop(characters.pop()),
        _ => return text.to_uppercase(),
    }
    characters.into_iter().collect()
}

fn near(property: &Value, random: &mut Rng) -> String {
    match property["type"].as_str().unwrap_or_default() {
        "array" => list(property, random),
        "boolean" => random.choice(["true", "false", "True", "1"]).unwrap_or_default().into(),
        "integer" => near_integer(property, random),
        "number" => near_number(property, random),
        _ if property["format"] == "duration-text" => near_duration(property, random),
        _ => near_text(property, random),
    }
}

fn near_text(property: &Value, random: &mut Rng) -> String {
    if let Some(values) = property["enum"].as_array() {
        return values[random.usize(..values.len())].as_str().unwrap_or_default().into();
    }
    let samples: &[&str] = match property["format"].as_str() {
        Some("uri") => {
            &["https://example.com/a?b#c", "redis://[::1]:6379/0", "example.com", "https://a b", "a://é"]
        }
        Some("hostname") => &["db-1.example.com", "a", "-a", "a..b", "a_b"],
        Some("ip") => &["10.0.0.255", "fe80::1", "10.0.0.256", "1::2::3", "::", "1:2:3:4:5:6:7:8"],
        Some("path") => &["/var/lib/a.b", "/", "var", "/var/../etc", "/a//b", "/.../é/"],
        _ => &[],
    };
    let of_pattern = PATTERNS.iter().find(|known| property["pattern"] == known.0).map(|known| &known.1[..]);
    let samples = of_pattern.unwrap_or(samples);
    if !samples.is_empty() {
        return samples[random.usize(..samples.len())].into();
    }
    let limit = |name: &str, otherwise: u64| property[name].as_u64().unwrap_or(otherwise);
    let (least, most) = (limit("minLength", 0), limit("maxLength", 8));
    let lengths = [least.saturating_sub(1), least, most, most + 1, random.u64(least..=most.max(least))];
    let length = lengths[random.usize(..lengths.len())];
    (0..length).map(|_| CHARACTERS[random.usize(..CHARACTERS.len())]).collect()
}

fn near_integer(property: &Value, random: &mut Rng) -> String {
    let bound = |name: &str| property[name].as_i64().map(i128::from);
    let (least, most) = match property["format"].as_str() {
        Some("int8") => (i8::MIN.into(), i8::MAX.into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("uint16") => (0, u16::MAX.into()),
        Some("uint64") => (0, u64::MAX.into()),
        _ => (bound("minimum").unwrap_or(i64::MIN.into()), bound("maximum").unwrap_or(i64::MAX.into())),
    };
    let near = [least - 1, least, least + 1, most - 1, most, most + 1, 0, random.i128(least..=most)];
    let number = near[random.usize(..near.len())];
    match random.u8(..16) {
        0 => format!("0{number}"),
        1 => format!("+{number}"),
        2 => format!("{number}.0"),
        3 => "-0".into(),
        _ => number.to_string(),
    }
}

fn near_number(property: &Value, random: &mut Rng) -> String {
    let bounds =
        [property["minimum"].as_f64(), property["maximum"].as_f64(), Some(random.i16(..).into()), Some(0.0)];
    let number = bounds[random.usize(..bounds.len())].unwrap_or(0.25);
    let tail = if number.fract() == 0.0 { ".0000001" } else { "0000001" };
    match random.u8(..10) {
        0 => format!("{number}{tail}"),
        1 => format!("{}{tail}", number - 0.5),
        2 => format!("{number:e}"),
        3 => format!("-{}", number.abs()),
        4 => format!("{}{}", random.u64(1..), "7".repeat(random.usize(..300))),
        _ => number.to_string(),
    }
}

fn near_duration(property: &Value, random: &mut Rng) -> String {
    const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let millis = |name: &str| {
        let text = property[name].as_str()?;
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = UNITS.iter().find(|unit| unit.0 == &text[number.len()..])?;
        Some(number.parse::<u64>().ok()? * unit.1)
    };
    let least = millis("x-minimum").unwrap_or(0);
    let most = millis("x-maximum").unwrap_or(1_000_000 * 3_600_000);
    let limit = [least, most, random.u64(least..=most)][random.usize(..3)];
    let (unit, factor) = UNITS[random.usize(..UNITS.len())];
    let number = (limit / factor).saturating_add_signed(random.i64(-1..=1));
    format!("{number}{}", if random.u8(..20) == 0 { "d" } else { unit })
}

fn list(property: &Value, random: &mut Rng) -> String {
    let limit = |name: &str, otherwise: u64| property[name].as_u64().unwrap_or(otherwise);
    let (least, most) = (limit("minItems", 0), limit("maxItems", 4));
    let counts = [least.saturating_sub(1), least, most, most + 1];
    let count = counts[random.usize(..counts.len())];
    let items: Vec<String> = (0..count).map(|_| near(&property["items"], random)).collect();
    let blank = random.choice(["", "", " ", "  "]).unwrap_or_default();
    if random.bool() {
        return items.join(&format!("{blank},{blank}"));
    }
    let is_bare = |item: &str| item.parse::<f64>().is_ok() || matches!(item, "true" | "false");
    let quoted = |item: &String| {
        if is_bare(item) && random.bool() { item.clone() } else { Value::from(item.as_str()).to_string() }
    };
    let items: Vec<_> = items.iter().map(quoted).collect();
    format!("[{blank}{}{blank}]", items.join(&format!("{blank},{blank}")))
}
