//! The verdict on a ConfigMap as variables of CEL: for each key its text, the items of a list and its problems; for each rule
//! between keys its problem; then all problems together.

use super::cel::{list, literal, message as message_literal};
use crate::contract::Contract;
use crate::key::Key;
use crate::rule::{Rule, TextRule, UNFIT_CHARACTERS};
use crate::value::{LIST_ITEM_PATTERN, LIST_PATTERN};

/// The entry of a rendered ConfigMap that is no setting: the digest of the others.
const SEAL: &str = "CONFIG_SEAL";

/// Cost that the patterns of one variable may have. The API server allows 1 000 000 for the whole variable
/// (`PerCallLimit`), of which the rest takes the remainder.
const MAX_COST: usize = 700_000;

/// Most items of a list that are looked at: the time that CEL takes grows with the square of their number.
const MAX_ITEMS: usize = 2000;

/// Most bytes of a message (`MaxEvaluatedMessageExpressionSizeBytes`).
const MAX_MESSAGE: usize = 5120;

/// Finds a text without the blanks around it.
const TRIMMED_PATTERN: &str = "[^ ](?:.*[^ ])?";

/// A variable's name and expression.
pub(super) type Variable = (String, String);

/// The variables, each after those that it uses. `problems` is the list of all problems, and `message` names them.
pub(super) fn variables(contract: &Contract) -> Vec<Variable> {
    let shared = [("data", "has(object.data) ? object.data : {}"), ("characters", CHARACTERS)];
    let mut variables: Vec<Variable> =
        shared.into_iter().map(|(name, expression)| (name.into(), expression.into())).collect();
    let settings: Vec<_> = contract.keys().iter().filter(|key| !key.secret).collect();
    variables.extend(settings.iter().map(|key| (format!("text_{}", key.name), text(key))));
    for key in &settings {
        if let Rule::List { .. } = key.kind.rule() {
            variables.push((format!("items_{}", key.name), items(key)));
        }
        variables.push((format!("problems_{}", key.name), problems_of(key)));
    }
    let required =
        settings.iter().filter_map(|key| Some((format!("required_{}", key.name), required(contract, key)?)));
    let required: Vec<_> = required.collect();
    let parts =
        contract.keys().iter().map(part).chain(required.iter().map(|(name, _)| format!("variables.{name}")));
    let problems = all_problems(contract, &parts.collect::<Vec<_>>());
    variables.extend(required);
    variables.push(("problems".into(), problems));
    variables.push(("message".into(), message()));
    variables
}

/// Names of characters that no value holds, in the contract's words.
const CHARACTERS: &str = r#"{
  "\u0000": "a NUL", "\t": "a tab", "\n": "a line break", "\r": "a line break", "\u0085": "a line break",
  "\u2028": "a line break", "\u2029": "a line break", "\ufeff": "a byte order mark",
  "\ufffe": "a code point that is no character", "\uffff": "a code point that is no character"
}"#;

/// The effective text of a key, `""` where there is none. A line break at the end is not part of it, as in a mounted file.
fn text(key: &Key) -> String {
    let name = literal(&key.name);
    let default = literal(key.default.as_deref().unwrap_or_default());
    format!(
        "!({name} in variables.data) ? {default} :\n\
         [variables.data[{name}]].map(t, t.endsWith(\"\\n\") ? t.substring(0, size(t) - 1) : t)[0]"
    )
}

/// The items of a list as they are written.
fn items(key: &Key) -> String {
    let (text, item) = (format!("variables.text_{}", key.name), literal(LIST_ITEM_PATTERN));
    format!("{text} == \"\" ? [] : {text}.startsWith(\"[\") ? {text}.findAll({item}) : {text}.split(\",\")")
}

/// The text of the item `i`. No value holds the control character that stands for `\\` while `\"` is undone.
fn item_text(key: &Key) -> String {
    let trimmed = literal(TRIMMED_PATTERN);
    format!(
        r#"!variables.text_{}.startsWith("[") ? i.find({trimmed}) : !i.startsWith("\"") ? i :
    i.substring(1, size(i) - 1).replace("\\\\", "\u0001").replace("\\\"", "\"").replace("\u0001", "\\")"#,
        key.name
    )
}

/// The problems of a key's own text, as one text.
fn problems_of(key: &Key) -> String {
    let (name, quoted) = (&key.name, literal(&key.name));
    let is_missing = key.required && key.default.is_none();
    let absent =
        if is_missing { literal(&format!("{name}: is required and not given")) } else { "\"\"".into() };
    let limit = most_characters(key);
    let too_long = literal(&format!("{name}: has "));
    let (prefix, unfit) = (literal(&format!("{name}: ")), literal(UNFIT_CHARACTERS));
    let refused = key.refused.as_ref().map_or_else(String::new, |refused| {
        let (pattern, because) = (literal(refused.pattern.as_str()), message_literal(&refused.because));
        format!(",\n  variables.text_{name}.matches({pattern}) ? {because} : \"\"")
    });
    let kind = match key.kind.rule() {
        Rule::Text(rule) => text_problem(key, &rule),
        Rule::List { items, min_items, max_items } => list_problem(key, &items, min_items, max_items),
    };
    format!(
        r#"!({quoted} in variables.data) ? {absent} :
size(variables.text_{name}) > {limit} ? {too_long} + string(size(variables.text_{name})) + " characters, and the API server can check {limit}" :
[variables.text_{name}.find({unfit})].map(c, [
  c == "" ? "" : "contains " + (c in variables.characters ? variables.characters[c] : "a control character") + " at character " + string(variables.text_{name}.indexOf(c) + 1),
  {kind}{refused}
])[0].filter(p, p != "").map(p, {prefix} + p).join("; ")"#
    )
}

/// The problem of a text by its type. `c` is the first character that no value holds.
fn text_problem(key: &Key, rule: &TextRule) -> String {
    let text = format!("variables.text_{}", key.name);
    let length = rule.max_length.map(|most| {
        let least = rule.min_length;
        let sentence = literal(&format!("must have {least} to {most} characters, has "));
        format!(
            "{} ? {sentence} + string(size({text})) : ",
            outside(&text, least, Some(most)).unwrap_or_else(|| "false".into())
        )
    });
    let pattern = rule.pattern.as_ref().map(|pattern| {
        let expected = message_literal(&format!("must be {}", key.expected));
        format!("c == \"\" && !{text}.matches({}) ? {expected} : ", literal(pattern))
    });
    format!("{}{}\"\"", length.unwrap_or_default(), pattern.unwrap_or_default())
}

/// The problem of a list: its form or the number of its items, or else its first wrong item.
fn list_problem(key: &Key, items: &TextRule, least: usize, most: Option<usize>) -> String {
    let name = &key.name;
    let form = literal(LIST_PATTERN);
    let count = outside(&format!("variables.items_{name}"), least, most)
        .map_or_else(String::new, |count| format!(" || {count}"));
    let expected = message_literal(&format!("must be {}", key.expected));
    let limit = most_items(items);
    let checked = literal(&format!(" items, and the API server can check {limit}"));
    let item = item_text(key);
    let length = outside("i", items.min_length, items.max_length);
    let pattern = items.pattern.as_ref().map(|pattern| format!("!i.matches({})", literal(pattern)));
    let is_wrong = length.into_iter().chain(pattern).collect::<Vec<_>>().join(" || ");
    let item_expected = message_literal(&format!(" must be {}", items.expected));
    format!(
        r#"c != "" ? "" :
  variables.text_{name}.startsWith("[") && !variables.text_{name}.matches({form}){count} ? {expected} :
  size(variables.items_{name}) > {limit} ? "has " + string(size(variables.items_{name})) + {checked} :
  [variables.items_{name}.map(i, {item})
    .map(i, {is_wrong}).indexOf(true)].map(n, n < 0 ? "" : "item " + string(n + 1) + {item_expected})[0]"#
    )
}

/// The condition that a size is below `least` or above `most`; `None` if no size is.
fn outside(what: &str, least: usize, most: Option<usize>) -> Option<String> {
    let below = (least > 0).then(|| format!("size({what}) < {least}"));
    let above = most.map(|most| format!("size({what}) > {most}"));
    let conditions: Vec<_> = below.into_iter().chain(above).collect();
    (!conditions.is_empty()).then(|| conditions.join(" || "))
}

/// The problem of a key that another key's value makes required, unless the key has problems of its own. Values of secrets are not
/// here, so rules on them are left out.
fn required(contract: &Contract, key: &Key) -> Option<String> {
    let rule = key.required_when.as_ref()?;
    let other = contract.key(&rule.key).filter(|other| !other.secret)?;
    let (name, other_name) = (&key.name, &other.name);
    let is_given = if other.default.is_some() {
        String::new()
    } else {
        format!("{} in variables.data && ", literal(other_name))
    };
    let limit = most_characters(other).min(10 * MAX_COST / cost_of_pattern(rule.pattern.as_str()));
    let because = message_literal(&format!("{name}: is required, since {}", rule.because));
    Some(format!(
        "variables.problems_{name} == \"\" && variables.text_{name} == \"\" && {is_given}size(variables.text_{other_name}) <= {limit} &&\n\
         variables.text_{other_name}.matches({}) ? {because} : \"\"",
        literal(rule.pattern.as_str())
    ))
}

/// The problems of one key in the list of all.
fn part(key: &Key) -> String {
    if !key.secret {
        return format!("variables.problems_{}", key.name);
    }
    let sentence =
        literal(&format!("{}: is a secret and must not be in a ConfigMap; put it into a Secret", key.name));
    format!("{} in variables.data ? {sentence} : \"\"", literal(&key.name))
}

/// All problems, none of which is empty.
fn all_problems(contract: &Contract, parts: &[String]) -> String {
    let names = list(contract.keys().iter().map(|key| key.name.as_str()).chain([SEAL]));
    let parts: String = parts.iter().map(|part| format!("  {part},\n")).collect();
    let binary = "is in binaryData, and settings are text; put it into data";
    format!(
        "[\n{parts}  \"\"\n].filter(p, p != \"\") +\n\
         variables.data.filter(k, !(k in {names})).map(k, k + \": is no setting\") +\n\
         (has(object.binaryData) ? object.binaryData.map(k, k + \": {binary}\") : [])"
    )
}

/// All problems in one message or, where they are too long for one, their keys.
fn message() -> String {
    format!(
        "size(bytes(variables.problems.join(\"; \"))) <= {MAX_MESSAGE} ? variables.problems.join(\"; \") :\n\
         \"too many problems for one message; confpath check prints them; they are in \" + variables.problems.map(p, p.split(\":\")[0]).join(\", \")"
    )
}

/// Most characters of a key's text whose check stays below the limit of cost.
fn most_characters(key: &Key) -> usize {
    let refused = key.refused.as_ref().map_or(0, |refused| cost_of_pattern(refused.pattern.as_str()));
    let others = cost_of_pattern(UNFIT_CHARACTERS) + refused;
    match key.kind.rule() {
        Rule::Text(rule) => 10 * MAX_COST / (others + rule.pattern.as_deref().map_or(0, cost_of_pattern)),
        Rule::List { items, .. } => {
            let form = cost_of_pattern(LIST_PATTERN) + cost_of_pattern(LIST_ITEM_PATTERN);
            // The other half is for the number of items.
            10 * (MAX_COST / 2) / (others + form + cost_of_item(&items))
        }
    }
}

/// Most items of a list whose check stays below the limits of cost and time, if each is one character.
fn most_items(items: &TextRule) -> usize {
    MAX_ITEMS.min(MAX_COST / 2 / cost_of_item(items))
}

/// Cost for ten characters of an item.
fn cost_of_item(items: &TextRule) -> usize {
    cost_of_pattern(TRIMMED_PATTERN) + items.pattern.as_deref().map_or(0, cost_of_pattern)
}

/// Cost of a search for ten characters of a text: one for each four characters of the pattern (`RegexStringLengthCostFactor`, and
/// `StringTraversalCostFactor` for the text).
fn cost_of_pattern(pattern: &str) -> usize {
    pattern.chars().count().div_ceil(4)
}
