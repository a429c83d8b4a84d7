//! The reader for Python 3.9 and newer, of its standard library alone.

use std::fmt::Write as _;

use super::spelling::{Part, fits_raw, line, literal, long_escape, pascal_case, pattern, unique};
use super::template::fill;
use super::{Field, features};
use crate::contract::Contract;
use crate::generate::notice;
use crate::kind::Kind;

/// Python's keywords, as names in lower case can be.
const KEYWORDS: [&str; 32] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Names of the module that a choice's type cannot have.
const TAKEN: [&str; 12] = [
    "Settings",
    "Secret",
    "ConfigError",
    "Path",
    "Mapping",
    "Literal",
    "Callable",
    "TypeVar",
    "Exception",
    "None",
    "True",
    "False",
];

/// The text of the module. `source` names the contract.
pub fn python(contract: &Contract, source: &str) -> String {
    let fields = Field::all(contract, attribute, &KEYWORDS);
    let features = features(&fields);
    let aliases = aliases(&fields);
    let has = |feature: &str| features.contains(&feature);
    let (mut declared, mut loaded, mut rules) = (String::new(), String::new(), String::new());
    for (field, alias) in fields.iter().zip(&aliases) {
        // Writing to a String cannot fail.
        let _ = declare(field, alias, &mut declared);
        let _ = writeln!(loaded, "        {}={},", field.name, value(field, alias));
        let _ = rule(field, &mut rules);
    }
    let given =
        "_effective_texts(\n        directory, os.environ if environment is None else environment\n    )";
    let load = if fields.is_empty() {
        format!("    {given}\n    return Settings()\n")
    } else {
        format!("    texts = {given}\n    return Settings(\n{loaded}    )\n")
    };
    let collections = if has("list") || has("optional") { "Callable, Mapping" } else { "Mapping" };
    let parts = [
        ("notice", format!("# {}\n", line(&notice(source)))),
        ("collections", format!("from collections.abc import {collections}\n")),
        ("typing", typing(&has)),
        ("aliases", choices(&fields, &aliases, &has)),
        ("fields", declared),
        ("load", load),
        ("rules", rules),
    ];
    fill(include_str!("runtime.py"), &features, &parts)
}

/// The name in lower case. Names that begin with an underscore would be private, or mangled.
fn attribute(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name.starts_with('_') { format!("key{name}") } else { name }
}

/// The names that are imported from `typing`.
fn typing(has: &dyn Fn(&str) -> bool) -> String {
    let names =
        [("Literal", has("choice")), ("TypeVar", has("list") || has("optional")), ("cast", has("choice"))];
    let used: Vec<_> = names.into_iter().filter(|name| name.1).map(|name| name.0).collect();
    if used.is_empty() { String::new() } else { format!("from typing import {}\n", used.join(", ")) }
}

/// The names of the choices' types, by field; empty for a field that is no choice.
fn aliases(fields: &[Field<'_>]) -> Vec<String> {
    let is_choice = |field: &&Field<'_>| matches!(field.scalar(), Kind::Choice { .. });
    let names = fields.iter().filter(is_choice).map(|field| pascal_case(&field.key.name));
    let mut names = unique(names, &TAKEN).into_iter();
    let name = |field: &Field<'_>| if is_choice(&field) { names.next() } else { None };
    fields.iter().map(name).map(Option::unwrap_or_default).collect()
}

fn choices(fields: &[Field<'_>], aliases: &[String], has: &dyn Fn(&str) -> bool) -> String {
    let mut text = String::new();
    for (field, alias) in fields.iter().zip(aliases) {
        if let Kind::Choice { values } = field.scalar() {
            let values: Vec<_> = values.iter().map(|value| string(value)).collect();
            let _ = writeln!(text, "{alias} = Literal[{}]", values.join(", "));
        }
    }
    if has("list") || has("optional") {
        text.push_str("_T = TypeVar(\"_T\")\n");
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn declare(field: &Field<'_>, alias: &str, text: &mut String) -> std::fmt::Result {
    let optional = if field.is_optional() { " | None" } else { "" };
    writeln!(text, "    {}: {}{optional}", field.name, plain_type(field, alias))?;
    let sentences = field.sentences().join(" ").replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    let end = if sentences.ends_with('"') { " " } else { "" };
    writeln!(text, "    \"\"\"{sentences}{end}\"\"\"")
}

/// The type of a value that is given.
fn plain_type(field: &Field<'_>, alias: &str) -> String {
    let scalar = match field.scalar() {
        _ if field.key.secret => "Secret",
        Kind::Choice { .. } => alias,
        Kind::Text { .. } | Kind::List { .. } => "str",
        Kind::Integer { .. } => "int",
        Kind::Number { .. } => "float",
        Kind::Boolean => "bool",
        Kind::Duration { .. } => "timedelta",
    };
    if field.is_list() { format!("tuple[{scalar}, ...]") } else { scalar.into() }
}

/// The expression of a value.
fn value(field: &Field<'_>, alias: &str) -> String {
    let key = string(&field.key.name);
    let read = match field.scalar() {
        _ if field.key.secret => "Secret",
        Kind::Text { .. } | Kind::Choice { .. } | Kind::List { .. } => "str",
        Kind::Integer { .. } => "int",
        Kind::Number { .. } => "float",
        Kind::Boolean => "_switch",
        Kind::Duration { .. } => "_duration",
    };
    let value = match (field.is_list(), field.is_optional()) {
        (true, true) => format!("_optional(lambda text: _tuple({read}, text), texts.get({key}))"),
        (true, false) => format!("_tuple({read}, texts[{key}])"),
        (false, true) if read == "str" => format!("texts.get({key})"),
        (false, true) => format!("_optional({read}, texts.get({key}))"),
        (false, false) if read == "str" => format!("texts[{key}]"),
        (false, false) => format!("{read}(texts[{key}])"),
    };
    if alias.is_empty() {
        return value;
    }
    let of_type = plain_type(field, alias);
    let of_type = if field.is_optional() { format!("{of_type} | None") } else { of_type };
    format!("cast({}, {value})", string(&of_type))
}

fn rule(field: &Field<'_>, text: &mut String) -> std::fmt::Result {
    let (key, limits) = (field.key, field.limits());
    writeln!(
        text,
        "    _Rule(\n        key={},\n        expected={},",
        string(&key.name),
        string(&key.expected)
    )?;
    if limits.text.min_length > 0 {
        writeln!(text, "        min_length={},", limits.text.min_length)?;
    }
    if let Some(most) = limits.text.max_length {
        writeln!(text, "        max_length={most},")?;
    }
    if let Some(pattern) = &limits.text.pattern {
        writeln!(text, "        pattern={},", compiled(pattern))?;
    }
    if let Some((fewest, most)) = limits.items {
        let most = most.map_or("None".into(), |most| most.to_string());
        let expected = string(&limits.text.expected);
        writeln!(text, "        items=_Items({expected}, {fewest}, {most}),")?;
    }
    if let Some(default) = &key.default {
        writeln!(text, "        default={},", string(default))?;
    }
    if key.required {
        writeln!(text, "        required=True,")?;
    }
    if key.secret {
        writeln!(text, "        secret=True,")?;
    }
    if let Some(refused) = &key.refused {
        let (pattern, because) = (compiled(refused.pattern.as_str()), string(&refused.because));
        writeln!(text, "        refused=_Refused({pattern}, {because}),")?;
    }
    if let Some(rule) = &key.required_when {
        let (pattern, because) = (compiled(rule.pattern.as_str()), string(&rule.because));
        let other = string(&rule.key);
        writeln!(text, "        required_when=_RequiredWhen({other}, {pattern}, {because}),")?;
    }
    writeln!(text, "    ),")
}

fn compiled(portable: &str) -> String {
    let spelled = pattern(portable, |part| match part {
        Part::End => Some("\\Z"),
        Part::BarInClass => Some("\\|"),
        Part::Any | Part::Escape(_) | Part::EscapeInClass(_) => None,
    });
    let text = if fits_raw(&spelled, '"') { format!("r\"{spelled}\"") } else { string(&spelled) };
    format!("re.compile({text}, re.ASCII)")
}

fn string(text: &str) -> String {
    literal(text, long_escape)
}
