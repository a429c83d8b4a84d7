//! The text of a contract, checked before anyone sees it.

use contract::{Contract, ContractError, KeyError};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::draft::{Draft, Setting};
use super::place::{Place, Refusal};

/// The dialect of contracts.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords in the order in which they are written; others follow by name.
const ORDER: [&str; 16] = [
    "title",
    "description",
    "$comment",
    "deprecated",
    "type",
    "format",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "items",
    "minItems",
    "maxItems",
    "default",
];

/// Names with values, in their order.
struct Ordered<'a, T>(Vec<(&'a str, T)>);

impl<T: Serialize> Serialize for Ordered<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A part of a contract.
#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Value(&'a Value),
    Text(&'a str),
    Names(Vec<&'a str>),
    Settings(Ordered<'a, Ordered<'a, &'a Value>>),
}

/// The contract of a draft, as JSON with its settings in order.
///
/// # Errors
/// Every reason why the draft is no contract, in the order of lines.
pub(crate) fn contract_text(draft: &Draft) -> Result<String, Vec<Refusal>> {
    let mut refusals = draft.refusals.clone();
    let text = serde_json::to_string_pretty(&root(draft))
        .map_err(|error| vec![Refusal::new(&Place::default(), format!("cannot be written: {error}"))])?;
    refusals.extend(refused(draft));
    if refusals.is_empty() {
        return Ok(visible(&text) + "\n");
    }
    refusals.sort();
    refusals.dedup();
    Err(refusals)
}

/// JSON whose white space is seen: patterns hold some that looks like a blank, and a reader of the file could not tell.
fn visible(text: &str) -> String {
    let escape = |c: char| {
        if c.is_whitespace() && !c.is_ascii() { format!("\\u{:04x}", u32::from(c)) } else { c.into() }
    };
    text.chars().map(escape).collect()
}

fn root(draft: &Draft) -> Ordered<'_, Part<'_>> {
    let mut root = vec![("$schema", Part::Text(DIALECT))];
    root.extend(
        ["$id", "title", "description", "$comment"]
            .into_iter()
            .filter_map(|keyword| Some((keyword, Part::Value(draft.root.get(keyword)?)))),
    );
    root.push(("type", Part::Text("object")));
    let settings = draft.settings.iter().map(|setting| (setting.name.as_str(), keywords(setting))).collect();
    root.push(("properties", Part::Settings(Ordered(settings))));
    let required: Vec<_> = draft
        .settings
        .iter()
        .filter(|setting| setting.is_required)
        .map(|setting| setting.name.as_str())
        .collect();
    if !required.is_empty() {
        root.push(("required", Part::Names(required)));
    }
    Ordered(root)
}

fn keywords(setting: &Setting) -> Ordered<'_, &Value> {
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    let mut keywords: Vec<_> =
        setting.keywords.iter().map(|(name, keyword)| (name, &keyword.value)).collect();
    keywords.sort_by_key(|(name, _)| place(name));
    Ordered(keywords)
}

/// The reasons of the contract's own reader, each at its place in the source.
fn refused(draft: &Draft) -> Vec<Refusal> {
    let properties: Map<String, Value> =
        draft.settings.iter().map(|setting| (setting.name.clone(), json!(keywords(setting)))).collect();
    let schema = json!({ "type": "object", "properties": properties });
    match Contract::from_schema(schema) {
        Ok(_) => Vec::new(),
        Err(ContractError(errors)) => errors.iter().map(|error| refusal(draft, error)).collect(),
    }
}

fn refusal(draft: &Draft, error: &KeyError) -> Refusal {
    let setting = draft.settings.iter().find(|setting| setting.name == error.key);
    let keyword = setting.and_then(|setting| {
        let mut words = error.reason.split(['"', ' ', ':']);
        words.find_map(|word| setting.keywords.place(word))
    });
    let place = keyword.or(setting.map(|setting| &setting.place)).cloned().unwrap_or_default();
    Refusal { place, message: format!("{}: {}", error.key, error.reason) }
}
