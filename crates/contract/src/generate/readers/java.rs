//! The reader for Java 17 and newer, of its standard library alone.

use std::fmt::Write as _;

use super::spelling::{Part, camel_case, line, literal, pattern};
use super::template::fill;
use super::{Field, features};
use crate::contract::Contract;
use crate::generate::notice;
use crate::kind::Kind;

/// Words in lower case that name nothing in Java, and methods of every object, whose names no component of a record has.
const RESERVED: [&str; 60] = [
    "abstract",
    "assert",
    "boolean",
    "break",
    "byte",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extends",
    "final",
    "finally",
    "float",
    "for",
    "goto",
    "if",
    "implements",
    "import",
    "instanceof",
    "int",
    "interface",
    "long",
    "native",
    "new",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "short",
    "static",
    "strictfp",
    "super",
    "switch",
    "synchronized",
    "this",
    "throw",
    "throws",
    "transient",
    "try",
    "void",
    "volatile",
    "while",
    "true",
    "false",
    "null",
    "clone",
    "finalize",
    "getClass",
    "hashCode",
    "notify",
    "notifyAll",
    "toString",
];

/// The text of `Settings.java`. `source` names the contract.
pub fn java(contract: &Contract, source: &str, package: &str) -> String {
    let fields = Field::all(contract, component, &RESERVED);
    let (mut parameters, mut loaded, mut rules) = (String::new(), Vec::new(), Vec::new());
    for field in &fields {
        let sentences = html(&field.sentences().join(" "));
        // Writing to a String cannot fail.
        let _ = writeln!(parameters, " * @param {} {{@code {}}}: {sentences}", field.name, field.key.name);
        loaded.push(format!("            {}", value(field)));
        rules.push(rule(field));
    }
    let declared: Vec<_> =
        fields.iter().map(|field| format!("    {} {}", plain_type(field), field.name)).collect();
    let texts = "effectiveTexts(directory, environment)";
    let load = if fields.is_empty() {
        format!("        {texts};\n        return new Settings();\n")
    } else {
        let values = loaded.join(",\n");
        format!(
            "        Map<String, String> texts = {texts};\n        return new Settings(\n{values}\n        );\n"
        )
    };
    let mut features = features(&fields);
    if fields.iter().any(|field| scalar_type(field) == "BigInteger") {
        features.push("uint64");
    }
    let parts = [
        ("notice", format!("// {}\n", ascii(&line(&notice(source))))),
        ("package", format!("package {package};\n\n")),
        ("params", parameters),
        ("fields", lines(&declared)),
        ("load", load),
        ("rules", lines(&rules)),
    ];
    fill(include_str!("Runtime.java"), &features, &parts)
}

fn lines(items: &[String]) -> String {
    if items.is_empty() { String::new() } else { items.join(",\n") + "\n" }
}

/// `wait` is also a method of every object.
fn component(name: &str) -> String {
    let name = camel_case(name);
    if name == "wait" { "wait_".into() } else { name }
}

/// A sentence for a documentation comment, in which Java reads `\u` before anything else.
fn html(text: &str) -> String {
    let character = |character: char| match character {
        '&' | '<' | '>' | '@' | '\\' | '*' | '{' | '}' => format!("&#{};", u32::from(character)),
        _ if character.is_ascii() => character.into(),
        _ => format!("&#{};", u32::from(character)),
    };
    text.chars().map(character).collect()
}

fn ascii(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_ascii() && character != '\\' { character } else { '?' })
        .collect()
}

fn scalar_type(field: &Field<'_>) -> &'static str {
    match field.scalar() {
        _ if field.key.secret => "Secret",
        Kind::Text { .. } | Kind::Choice { .. } | Kind::List { .. } => "String",
        Kind::Integer { minimum, maximum } if fits::<i32>(*minimum, *maximum) => "int",
        Kind::Integer { minimum, maximum } if fits::<i64>(*minimum, *maximum) => "long",
        Kind::Integer { .. } => "BigInteger",
        Kind::Number { .. } => "double",
        Kind::Boolean => "boolean",
        Kind::Duration { .. } => "Duration",
    }
}

fn fits<T: TryFrom<i128>>(minimum: i128, maximum: i128) -> bool {
    T::try_from(minimum).is_ok() && T::try_from(maximum).is_ok()
}

fn plain_type(field: &Field<'_>) -> String {
    let scalar = scalar_type(field);
    let boxed = match scalar {
        "int" => "Integer",
        "long" => "Long",
        "double" => "Double",
        "boolean" => "Boolean",
        other => other,
    };
    match (field.is_list(), field.is_optional()) {
        (true, true) => format!("Optional<List<{boxed}>>"),
        (true, false) => format!("List<{boxed}>"),
        (false, true) => format!("Optional<{boxed}>"),
        (false, false) => scalar.into(),
    }
}

fn value(field: &Field<'_>) -> String {
    let key = string(&field.key.name);
    let (read, call) = match scalar_type(field) {
        "Secret" => ("Secret::new", "new Secret"),
        "int" => ("Integer::valueOf", "Integer.parseInt"),
        "long" => ("Long::valueOf", "Long.parseLong"),
        "BigInteger" => ("BigInteger::new", "new BigInteger"),
        "double" => ("Double::valueOf", "Double.parseDouble"),
        "boolean" => ("Settings::flag", "flag"),
        "Duration" => ("Settings::duration", "duration"),
        _ => ("Function.identity()", ""),
    };
    match (field.is_list(), field.is_optional()) {
        (true, true) => format!("optional(texts, {key}, text -> list(text, {read}))"),
        (true, false) => format!("list(texts.get({key}), {read})"),
        (false, true) if call.is_empty() => format!("Optional.ofNullable(texts.get({key}))"),
        (false, true) => format!("optional(texts, {key}, {read})"),
        (false, false) if call.is_empty() => format!("texts.get({key})"),
        (false, false) => format!("{call}(texts.get({key}))"),
    }
}

fn rule(field: &Field<'_>) -> String {
    let (key, limits) = (field.key, field.limits());
    let mut calls = vec![format!("        new Rule({}, {})", string(&key.name), string(&key.expected))];
    if let Some(most) = limits.text.max_length {
        calls.push(format!("length({}, {most})", limits.text.min_length));
    }
    if let Some(pattern) = &limits.text.pattern {
        calls.push(format!("pattern({})", translated(pattern)));
    }
    if let Some((fewest, most)) = limits.items {
        let most = most.map_or("-1".into(), |most| most.to_string());
        calls.push(format!("items({}, {fewest}, {most})", string(&limits.text.expected)));
    }
    if let Some(default) = &key.default {
        calls.push(format!("byDefault({})", string(default)));
    }
    if key.required {
        calls.push("required()".into());
    }
    if key.secret {
        calls.push("secret()".into());
    }
    if let Some(refused) = &key.refused {
        let pattern = translated(refused.pattern.as_str());
        calls.push(format!("refused({pattern}, {})", string(&refused.because)));
    }
    if let Some(rule) = &key.required_when {
        let (other, pattern) = (string(&rule.key), translated(rule.pattern.as_str()));
        calls.push(format!("requiredWhen({other}, {pattern}, {})", string(&rule.because)));
    }
    calls.join("\n            .")
}

fn translated(portable: &str) -> String {
    string(&pattern(portable, |part| match part {
        Part::End => Some("\\z"),
        Part::Any => Some("[^\\n]"),
        // To Java, \v is a class of line breaks.
        Part::Escape('v') | Part::EscapeInClass('v') => Some("\\x0B"),
        Part::Escape(_) | Part::EscapeInClass(_) | Part::BarInClass => None,
    }))
}

/// A text in ASCII: the compiler may take the file for one in another encoding.
fn string(text: &str) -> String {
    let escape = |character: char| {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        // Java reads such an escape before it reads the text, but these are no line breaks and no quotation marks.
        units
            .iter()
            .map(|unit| if *unit < 0x80 { format!("\\{unit:03o}") } else { format!("\\u{unit:04x}") })
            .collect()
    };
    let text = literal(text, escape);
    text.chars()
        .map(|character| if character.is_ascii() { character.into() } else { escape(character) })
        .collect()
}
