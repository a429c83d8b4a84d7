//! The reader for TypeScript on Node 20 and newer, as a module of ECMAScript, of Node's own library alone. It has no syntax beyond types, so that
//! Node can also run it without a compiler.

use std::fmt::Write as _;

use super::spelling::{Part, camel_case, line, literal, pattern};
use super::template::fill;
use super::{Field, features};
use crate::contract::Contract;
use crate::generate::notice;
use crate::kind::Kind;

/// Properties of every object.
const TAKEN: [&str; 8] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "toJSON",
];

/// Largest magnitude below which a `number` holds every whole number.
const MAX_SAFE_INTEGER: i128 = (1 << 53) - 1;

/// The text of the module. `source` names the contract.
pub fn typescript(contract: &Contract, source: &str) -> String {
    let fields = Field::all(contract, camel_case, &TAKEN);
    let (mut declared, mut loaded, mut rules) = (String::new(), String::new(), String::new());
    for field in &fields {
        // Writing to a String cannot fail.
        let _ = declare(field, &mut declared);
        let _ = writeln!(loaded, "    {}: {},", field.name, value(field));
        let _ = rule(field, &mut rules);
    }
    let load = if fields.is_empty() {
        "  effectiveTexts(options);\n  return {};\n".into()
    } else {
        format!("  const texts = effectiveTexts(options);\n  return {{\n{loaded}  }};\n")
    };
    let parts = [
        ("notice", format!("// {}\n", line(&notice(source)))),
        ("fields", declared),
        ("load", load),
        ("rules", rules),
    ];
    fill(include_str!("runtime.ts"), &features(&fields), &parts)
}

fn declare(field: &Field<'_>, text: &mut String) -> std::fmt::Result {
    let unit = if matches!(field.scalar(), Kind::Duration { .. }) { " In milliseconds." } else { "" };
    let sentences = field.sentences().join(" ").replace("*/", "*\\/");
    writeln!(text, "  /** `{}`: {sentences}{unit} */", field.key.name)?;
    let optional = if field.is_optional() { " | undefined" } else { "" };
    writeln!(text, "  readonly {}: {}{optional};", field.name, plain_type(field))
}

/// The type of a value that is given.
fn plain_type(field: &Field<'_>) -> String {
    let scalar = scalar_type(field);
    match field.is_list() {
        true if scalar.contains('|') => format!("readonly ({scalar})[]"),
        true => format!("readonly {scalar}[]"),
        false => scalar,
    }
}

fn scalar_type(field: &Field<'_>) -> String {
    match field.scalar() {
        _ if field.key.secret => "Secret".into(),
        Kind::Choice { values } => {
            let values: Vec<_> = values.iter().map(|value| string(value)).collect();
            values.join(" | ")
        }
        Kind::Text { .. } | Kind::List { .. } => "string".into(),
        Kind::Integer { .. } if is_large(field) => "bigint".into(),
        Kind::Integer { .. } | Kind::Number { .. } | Kind::Duration { .. } => "number".into(),
        Kind::Boolean => "boolean".into(),
    }
}

fn is_large(field: &Field<'_>) -> bool {
    matches!(field.scalar(), Kind::Integer { minimum, maximum } if *minimum < -MAX_SAFE_INTEGER || *maximum > MAX_SAFE_INTEGER)
}

fn value(field: &Field<'_>) -> String {
    let key = string(&field.key.name);
    let read = match field.scalar() {
        _ if field.key.secret => "(text) => new Secret(text)",
        Kind::Text { .. } | Kind::Choice { .. } | Kind::List { .. } => "String",
        Kind::Integer { .. } if is_large(field) => "BigInt",
        Kind::Integer { .. } | Kind::Number { .. } => "Number",
        Kind::Boolean => "flag",
        Kind::Duration { .. } => "milliseconds",
    };
    let read = if field.is_list() { format!("list({read})") } else { read.into() };
    let value = match field.is_optional() {
        true if read == "String" => format!("texts.get({key})"),
        true => format!("optional(texts, {key}, {read})"),
        false if field.key.secret => format!("new Secret(given(texts, {key}))"),
        false if read == "String" => format!("given(texts, {key})"),
        false => format!("{read}(given(texts, {key}))"),
    };
    if matches!(field.scalar(), Kind::Choice { .. }) {
        format!("{value} as Settings[{}]", string(&field.name))
    } else {
        value
    }
}

fn rule(field: &Field<'_>, text: &mut String) -> std::fmt::Result {
    let (key, limits) = (field.key, field.limits());
    writeln!(text, "  {{\n    key: {},\n    expected: {},", string(&key.name), string(&key.expected))?;
    if limits.text.min_length > 0 {
        writeln!(text, "    minLength: {},", limits.text.min_length)?;
    }
    if let Some(most) = limits.text.max_length {
        writeln!(text, "    maxLength: {most},")?;
    }
    if let Some(pattern) = &limits.text.pattern {
        writeln!(text, "    pattern: {},", compiled(pattern))?;
    }
    if let Some((fewest, most)) = limits.items {
        let most = most.map_or_else(String::new, |most| format!(", most: {most}"));
        let expected = string(&limits.text.expected);
        writeln!(text, "    items: {{ expected: {expected}, fewest: {fewest}{most} }},")?;
    }
    if let Some(default) = &key.default {
        writeln!(text, "    default: {},", string(default))?;
    }
    if key.required {
        writeln!(text, "    required: true,")?;
    }
    if key.secret {
        writeln!(text, "    secret: true,")?;
    }
    if let Some(refused) = &key.refused {
        let (pattern, because) = (compiled(refused.pattern.as_str()), string(&refused.because));
        writeln!(text, "    refused: {{ pattern: {pattern}, because: {because} }},")?;
    }
    if let Some(rule) = &key.required_when {
        let (other, pattern, because) =
            (string(&rule.key), compiled(rule.pattern.as_str()), string(&rule.because));
        writeln!(text, "    requiredWhen: {{ key: {other}, pattern: {pattern}, because: {because} }},")?;
    }
    writeln!(text, "  }},")
}

/// A call and no literal: linters complain about escapes that a contract's author may write in a pattern.
fn compiled(portable: &str) -> String {
    let spelled = pattern(portable, |part| match part {
        Part::Any => Some("[^\\n]"),
        Part::Escape('-') => Some("-"),
        Part::End | Part::Escape(_) | Part::EscapeInClass(_) | Part::BarInClass => None,
    });
    format!("new RegExp({}, \"u\")", string(&spelled))
}

fn string(text: &str) -> String {
    literal(text, |character| format!("\\u{{{:x}}}", u32::from(character)))
}
