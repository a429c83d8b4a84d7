//! The reader for Go 1.21 and newer, of its standard library alone.

use std::fmt::Write as _;

use super::spelling::{capitalized, fits_raw, identifier, line, literal, long_escape, words};
use super::template::fill;
use super::{Field, features};
use crate::contract::Contract;
use crate::generate::notice;
use crate::kind::Kind;

/// Words that Go writes in capital letters (https://go.dev/wiki/CodeReviewComments#initialisms).
const INITIALISMS: [&str; 26] = [
    "api", "cpu", "db", "dns", "html", "http", "https", "id", "ip", "json", "jwt", "oidc", "ram", "rpc",
    "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "uri", "url", "utf8", "uuid", "xml",
];

/// The text of the file. `source` names the contract.
pub fn go(contract: &Contract, source: &str, package: &str) -> String {
    let fields = Field::all(contract, exported, &[]);
    let (mut declared, mut loaded, mut rules) = (String::new(), String::new(), String::new());
    let width = fields.iter().map(|field| field.name.len() + 1).max().unwrap_or_default();
    for field in &fields {
        // Writing to a String cannot fail.
        let _ = declare(field, &mut declared);
        let _ = writeln!(loaded, "\t\t{:width$} {},", format!("{}:", field.name), value(field));
        let _ = rule(field, &mut rules);
    }
    let texts = if fields.is_empty() { "_" } else { "texts" };
    let load = format!(
        "\t{texts}, err := effectiveTexts(dir, lookup)\n\tif err != nil {{\n\t\treturn nil, err\n\t}}\n"
    );
    let settings = if fields.is_empty() { "Settings{}".into() } else { format!("Settings{{\n{loaded}\t}}") };
    let parts = [
        ("notice", format!("// {}\n//\n", line(&notice(source)))),
        ("package", format!("// Package {package} has the settings of this service.\npackage {package}\n")),
        ("fields", declared),
        ("load", format!("{load}\treturn &{settings}, nil\n")),
        ("rules", rules),
    ];
    fill(include_str!("runtime.go"), &features(&fields), &parts)
}

fn exported(name: &str) -> String {
    let words = words(name).map(|word| {
        if INITIALISMS.contains(&word.as_str()) { word.to_ascii_uppercase() } else { capitalized(&word) }
    });
    identifier(words.collect(), "Key")
}

fn declare(field: &Field<'_>, text: &mut String) -> std::fmt::Result {
    let sentences = field.sentences().join(" ");
    writeln!(text, "\t// {} is {}: {sentences}", field.name, field.key.name)?;
    let scalar = scalar_type(field);
    let declared = match (field.is_list(), field.is_optional()) {
        (true, _) => format!("[]{scalar}"),
        (false, true) => format!("*{scalar}"),
        (false, false) => scalar.into(),
    };
    writeln!(text, "\t{} {declared}", field.name)
}

fn scalar_type(field: &Field<'_>) -> &'static str {
    match field.scalar() {
        _ if field.key.secret => "Secret",
        Kind::Text { .. } | Kind::Choice { .. } | Kind::List { .. } => "string",
        Kind::Integer { minimum, maximum } => integer_type(*minimum, *maximum),
        Kind::Number { .. } => "float64",
        Kind::Boolean => "bool",
        Kind::Duration { .. } => "time.Duration",
    }
}

/// An `int` has 32 bits at least.
fn integer_type(minimum: i128, maximum: i128) -> &'static str {
    if minimum >= i32::MIN.into() && maximum <= i32::MAX.into() {
        "int"
    } else if maximum <= i64::MAX.into() {
        "int64"
    } else {
        "uint64"
    }
}

fn value(field: &Field<'_>) -> String {
    let key = string(&field.key.name);
    let read = match scalar_type(field) {
        "Secret" => "NewSecret",
        "int" => "readInt",
        "int64" => "readInt64",
        "uint64" => "readUint64",
        "float64" => "readNumber",
        "bool" => "readSwitch",
        "time.Duration" => "readDuration",
        _ => "plain",
    };
    match (field.is_list(), field.is_optional()) {
        (true, _) => format!("readList(texts, {key}, {read})"),
        (false, true) => format!("optional(texts, {key}, {read})"),
        (false, false) if read == "plain" => format!("texts[{key}]"),
        (false, false) => format!("{read}(texts[{key}])"),
    }
}

fn rule(field: &Field<'_>, text: &mut String) -> std::fmt::Result {
    let (key, limits) = (field.key, field.limits());
    let mut parts = vec![("key", string(&key.name)), ("expected", string(&key.expected))];
    if limits.text.min_length > 0 {
        parts.push(("minLength", limits.text.min_length.to_string()));
    }
    if let Some(most) = limits.text.max_length {
        parts.push(("maxLength", most.to_string()));
        parts.push(("isBounded", "true".into()));
    }
    if let Some(pattern) = &limits.text.pattern {
        parts.push(("pattern", compiled(pattern)));
    }
    if let Some((fewest, most)) = limits.items {
        let most = most.map_or("-1".into(), |most| most.to_string());
        parts.push(("items", format!("&items{{{}, {fewest}, {most}}}", string(&limits.text.expected))));
    }
    if let Some(default) = &key.default {
        parts.push(("byDefault", format!("given({})", string(default))));
    }
    if key.required {
        parts.push(("isRequired", "true".into()));
    }
    if key.secret {
        parts.push(("isSecret", "true".into()));
    }
    if let Some(refused) = &key.refused {
        let (pattern, because) = (compiled(refused.pattern.as_str()), string(&refused.because));
        parts.push(("refused", format!("&refused{{{pattern}, {because}}}")));
    }
    if let Some(rule) = &key.required_when {
        let (other, pattern, because) =
            (string(&rule.key), compiled(rule.pattern.as_str()), string(&rule.because));
        parts.push(("requiredWhen", format!("&requiredWhen{{{other}, {pattern}, {because}}}")));
    }
    let width = parts.iter().map(|part| part.0.len() + 1).max().unwrap_or_default();
    writeln!(text, "\t{{")?;
    for (name, value) in parts {
        writeln!(text, "\t\t{:width$} {value},", format!("{name}:"))?;
    }
    writeln!(text, "\t}},")
}

/// RE2 is the engine that portable patterns are a subset of.
fn compiled(pattern: &str) -> String {
    let text = if fits_raw(pattern, '`') { format!("`{pattern}`") } else { string(pattern) };
    format!("regexp.MustCompile({text})")
}

fn string(text: &str) -> String {
    literal(text, long_escape)
}
