//! Reading of JSON Schema: one property as keywords of one type.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::decimal_pattern::{BOUND_LIMIT, decimal_pattern};
use crate::duration::{MAX_DURATION, format_duration, parse_duration};
use crate::error::KeyError;
use crate::format::{FORMATS, Format};
use crate::kind::Kind;
use crate::on_change::OnChange;
use crate::pattern::Pattern;

/// Most characters of a text whose schema has no `maxLength`.
const MAX_LENGTH: usize = 4096;

/// The format of durations.
const DURATION: &str = "duration-text";

/// Keywords of the root that are enforced, or that enforce nothing.
const ROOT: [&str; 9] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "additionalProperties",
];

/// Keywords of every type: annotations, and words of this crate.
const COMMON: [&str; 15] = [
    "type",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "not",
    "x-secret",
    "x-on-change",
    "x-expected",
    "x-conceal",
    "x-required-when",
];

/// Integer types whose names schemas carry as a format, with their limits.
const INTEGERS: [(&str, i128, i128); 10] = [
    ("int8", i8::MIN as i128, i8::MAX as i128),
    ("int16", i16::MIN as i128, i16::MAX as i128),
    ("int32", i32::MIN as i128, i32::MAX as i128),
    ("int64", i64::MIN as i128, i64::MAX as i128),
    ("int", i64::MIN as i128, i64::MAX as i128),
    ("uint8", 0, u8::MAX as i128),
    ("uint16", 0, u16::MAX as i128),
    ("uint32", 0, u32::MAX as i128),
    ("uint64", 0, u64::MAX as i128),
    ("uint", 0, u64::MAX as i128),
];

/// The problems of the schema as a whole.
pub(crate) fn errors_of_root(schema: &Value) -> Vec<KeyError> {
    let error = |reason: String| KeyError { key: "schema".into(), reason };
    let Some(root) = schema.as_object() else { return vec![error("is no object".into())] };
    let mut errors: Vec<_> = root
        .keys()
        .filter(|keyword| !ROOT.contains(&keyword.as_str()))
        .map(|keyword| error(format!("keyword {keyword:?} is not enforced")))
        .collect();
    if root.get("type").is_some_and(|kind| kind != "object") {
        errors.push(error("must have the type object".into()));
    }
    if root.get("properties").is_some_and(|properties| !properties.is_object()) {
        errors.push(error("properties must be an object".into()));
    }
    for name in root.get("required").and_then(Value::as_array).into_iter().flatten() {
        if name.as_str().is_none_or(|name| schema["properties"].get(name).is_none()) {
            errors.push(error(format!("required names {name}, which is no setting")));
        }
    }
    errors
}

/// One property, led back to keywords of a single type.
pub(crate) struct Property {
    keywords: Map<String, Value>,
    /// True if the schema has `null` beside the type: such a setting may be left out.
    pub(crate) is_nullable: bool,
}

impl Property {
    /// # Errors
    /// The schema is of no single type.
    pub(crate) fn of(schema: &Value) -> Result<Self, String> {
        let keywords = schema.as_object().ok_or("is not an object schema")?.clone();
        let mut property = Self { keywords, is_nullable: false };
        property.merge_parts()?;
        property.take_null();
        Ok(property)
    }

    /// Replaces `anyOf`, `oneOf` and `allOf` of one part by that part, several texts by an `enum`, and `const` by an `enum` of one.
    fn merge_parts(&mut self) -> Result<(), String> {
        for combination in ["allOf", "anyOf", "oneOf"] {
            let Some(parts) = self.keywords.remove(combination) else { continue };
            let parts = parts.as_array().cloned().unwrap_or_default();
            let (nulls, mut parts): (Vec<_>, Vec<_>) = parts
                .into_iter()
                .partition(|part| part["type"] == "null" || part.get("const") == Some(&Value::Null));
            if !nulls.is_empty() && combination == "allOf" {
                return Err("allOf with null has no value".into());
            }
            self.is_nullable |= !nulls.is_empty();
            let part = match parts.len() {
                1 => parts.remove(0),
                _ if combination == "allOf" => return Err("keyword \"allOf\" is not enforced".into()),
                _ => choice(&parts).ok_or(format!(
                    "keyword {combination:?} is enforced for one type, for texts and for null only"
                ))?,
            };
            let part = Self::of(&part)?;
            self.is_nullable |= part.is_nullable;
            for (keyword, value) in part.keywords {
                // The outer words are closer to the setting.
                self.keywords.entry(keyword).or_insert(value);
            }
        }
        if let Some(only) = self.keywords.remove("const") {
            self.keywords.insert("enum".into(), vec![only].into());
        }
        Ok(())
    }

    /// Takes `null` out of `type`, `enum` and `default`.
    fn take_null(&mut self) {
        if let Some(Value::Array(types)) = self.keywords.get_mut("type") {
            let before = types.len();
            types.retain(|name| name != "null");
            self.is_nullable |= types.len() < before;
            if let [only] = types.as_slice() {
                let only = only.clone();
                self.keywords.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(values)) = self.keywords.get_mut("enum") {
            let before = values.len();
            values.retain(|value| !value.is_null());
            self.is_nullable |= values.len() < before;
            let are_texts = values.iter().all(Value::is_string);
            if are_texts && !self.keywords.contains_key("type") {
                self.keywords.insert("type".into(), "string".into());
            }
        }
        if self.keywords.get("default").is_some_and(Value::is_null) {
            self.keywords.remove("default");
        }
    }

    pub(crate) fn keyword(&self, name: &str) -> Option<&Value> {
        self.keywords.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.keyword(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.keyword(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(crate) fn on_change(&self) -> Result<OnChange, String> {
        let Some(word) = self.keyword("x-on-change") else { return Ok(OnChange::default()) };
        let effect = word.as_str().and_then(OnChange::from_word);
        effect.ok_or_else(|| format!("x-on-change must be hot, prepare or restart, not {word}"))
    }

    /// The keywords that nothing would enforce, each as a reason.
    pub(crate) fn unknown_keywords(&self) -> Vec<String> {
        let of_type: &[&str] = match self.text("type") {
            "string" if self.is_duration() => &["format", "x-minimum", "x-maximum"],
            "string" => &["minLength", "maxLength", "pattern", "enum", "format"],
            "integer" | "number" => &["minimum", "maximum", "format"],
            "array" => &["items", "minItems", "maxItems"],
            "boolean" => &[],
            // The type itself is the problem.
            _ => return Vec::new(),
        };
        let is_unknown =
            |keyword: &&String| !COMMON.contains(&keyword.as_str()) && !of_type.contains(&keyword.as_str());
        let unknown = self.keywords.keys().filter(is_unknown);
        unknown.map(|keyword| format!("keyword {keyword:?} is not enforced")).collect()
    }

    pub(crate) fn kind(&self) -> Result<Kind, String> {
        match self.keyword("type").and_then(Value::as_str) {
            Some("string") if self.is_duration() => self.duration(),
            Some("string") if self.keyword("enum").is_some() => self.choice(),
            Some("string") => self.text_kind(),
            Some("integer") => self.integer(),
            Some("number") => self.number(),
            Some("boolean") => Ok(Kind::Boolean),
            Some("array") => self.list(),
            Some("object") => {
                Err("is an object, and settings are flat: make each of its fields a setting of its \
                own, as DATABASE_HOST and DATABASE_PORT"
                    .into())
            }
            _ if self.keyword("$ref").is_some() => {
                Err("keyword \"$ref\" is not enforced: inline the schema".into())
            }
            _ => {
                let found = self.keyword("type").map_or("none".into(), ToString::to_string);
                Err(format!("type {found} is not one of string, integer, number, boolean, array"))
            }
        }
    }

    fn is_duration(&self) -> bool {
        self.text("format") == DURATION
    }

    fn format(&self) -> Result<Option<&'static Format>, String> {
        if self.text("type") != "string" || self.is_duration() {
            return Ok(None);
        }
        let Some(format) = self.keyword("format") else { return Ok(None) };
        let known = FORMATS.iter().find(|known| format == known.name);
        let names = FORMATS.each_ref().map(|known| known.name).join(", ");
        let refusal =
            || format!("format {format} is none of {names}, {DURATION}: keyword \"format\" is not enforced");
        known.map(Some).ok_or_else(refusal)
    }

    fn text_kind(&self) -> Result<Kind, String> {
        let pattern = match (self.keyword("pattern"), self.format()?) {
            (Some(_), Some(_)) => {
                return Err("has both a pattern and a format: one of them is enforced".into());
            }
            (Some(pattern), None) => Some(pattern.as_str().ok_or("pattern must be text")?),
            (None, format) => format.map(|format| format.pattern),
        };
        let (min_length, max_length) = (self.count("minLength", 0)?, self.count("maxLength", MAX_LENGTH)?);
        if min_length > max_length {
            return Err(format!("no text has {min_length} to {max_length} characters"));
        }
        Ok(Kind::Text { min_length, max_length, pattern: pattern.map(Pattern::of_whole_text).transpose()? })
    }

    fn choice(&self) -> Result<Kind, String> {
        let also = ["minLength", "maxLength", "pattern", "format"];
        if let Some(keyword) = also.into_iter().find(|keyword| self.keyword(keyword).is_some()) {
            return Err(format!("keyword {keyword:?} is not enforced beside enum"));
        }
        let values = self.keyword("enum").and_then(Value::as_array).into_iter().flatten();
        let values: Option<Vec<String>> = values.map(|value| value.as_str().map(str::to_owned)).collect();
        values
            .filter(|values| !values.is_empty())
            .map(|values| Kind::Choice { values })
            .ok_or("enum must list texts".into())
    }

    fn integer(&self) -> Result<Kind, String> {
        let limits = match self.keyword("format").and_then(Value::as_str) {
            Some(name) => {
                INTEGERS.into_iter().find(|known| known.0 == name).map(|(_, least, most)| (least, most))
            }
            None => Some((i64::MIN.into(), i64::MAX.into())),
        };
        let (least, most) = limits.ok_or("keyword \"format\" is not enforced: it names no integer type")?;
        let bound = |keyword: &str| {
            let whole =
                |value: &Value| value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
            let value = self.keyword(keyword);
            value.map(|value| whole(value).ok_or(format!("{keyword} must be a whole number"))).transpose()
        };
        let minimum = bound("minimum")?.map_or(least, |minimum| minimum.max(least));
        let maximum = bound("maximum")?.map_or(most, |maximum| maximum.min(most));
        if minimum > maximum {
            return Err(format!("no number is from {minimum} to {maximum}"));
        }
        Ok(Kind::Integer { minimum, maximum })
    }

    fn number(&self) -> Result<Kind, String> {
        if self.keyword("format").is_some_and(|format| format != "double" && format != "float") {
            return Err("keyword \"format\" is not enforced: it names no number type".into());
        }
        let bound = |keyword: &str| {
            let value = self.keyword(keyword);
            let bound = |value: &Value| value.as_f64().filter(|bound| bound.abs() < BOUND_LIMIT);
            let reason =
                || format!("{keyword} must be a number between -{BOUND_LIMIT:e} and {BOUND_LIMIT:e}");
            value.map(|value| bound(value).ok_or_else(reason)).transpose()
        };
        let (minimum, maximum) = (bound("minimum")?, bound("maximum")?);
        if let (Some(least), Some(most)) = (minimum, maximum)
            && least > most
        {
            return Err(format!("no number is from {least} to {most}"));
        }
        let pattern = Pattern::of_whole_text(&format!("^{}$", decimal_pattern(minimum, maximum)))?;
        Ok(Kind::Number { minimum, maximum, pattern })
    }

    fn duration(&self) -> Result<Kind, String> {
        let bound = |keyword: &str| {
            let value = self.keyword(keyword);
            let parse = |value: &Value| value.as_str().and_then(parse_duration);
            value
                .map(|value| parse(value).ok_or(format!("{keyword} must be a duration such as 30s")))
                .transpose()
        };
        let minimum = bound("x-minimum")?.unwrap_or(Duration::ZERO);
        let maximum = bound("x-maximum")?.unwrap_or(MAX_DURATION);
        if maximum > MAX_DURATION {
            return Err(format!("x-maximum must be at most {}", format_duration(MAX_DURATION)));
        }
        if minimum > maximum {
            return Err("no duration is both at least x-minimum and at most x-maximum".into());
        }
        Ok(Kind::Duration { minimum, maximum })
    }

    fn list(&self) -> Result<Kind, String> {
        let items = Self::of(self.keyword("items").ok_or("a list needs items")?)
            .map_err(|reason| format!("items: {reason}"))?;
        if items.is_nullable {
            return Err("items: an item cannot be null".into());
        }
        let words =
            ["default", "not", "x-secret", "x-on-change", "x-expected", "x-conceal", "x-required-when"];
        let misplaced = words.into_iter().filter(|word| items.keyword(word).is_some());
        let misplaced = misplaced.map(|word| format!("keyword {word:?} is not enforced"));
        let unknown: Vec<_> = items.unknown_keywords().into_iter().chain(misplaced).collect();
        if !unknown.is_empty() {
            return Err(format!("items: {}", unknown.join("; ")));
        }
        let kind = items.kind().map_err(|reason| format!("items: {reason}"))?;
        if matches!(kind, Kind::List { .. }) {
            return Err("items: a list of lists has no notation as text".into());
        }
        let (min_items, max_items) = (self.count("minItems", 0)?, self.count("maxItems", usize::MAX)?);
        if min_items > max_items {
            return Err(format!("no list has {min_items} to {max_items} items"));
        }
        Ok(Kind::List { items: Box::new(kind), min_items, max_items })
    }

    fn count(&self, keyword: &str, otherwise: usize) -> Result<usize, String> {
        let Some(value) = self.keyword(keyword) else { return Ok(otherwise) };
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| format!("{keyword} must be a whole number of 0 or more"))
    }
}

/// An `enum` of the texts of all parts, where all are texts.
fn choice(parts: &[Value]) -> Option<Value> {
    let mut texts = Vec::new();
    for part in parts {
        let known = ["type", "const", "enum", "title", "description"];
        part.as_object()?.keys().all(|keyword| known.contains(&keyword.as_str())).then_some(())?;
        match (part.get("const"), part.get("enum").and_then(Value::as_array)) {
            (Some(Value::String(text)), None) => texts.push(Value::from(text.as_str())),
            (None, Some(values)) if values.iter().all(Value::is_string) => {
                texts.extend(values.iter().cloned());
            }
            _ => return None,
        }
    }
    (!texts.is_empty()).then(|| serde_json::json!({ "type": "string", "enum": texts }))
}
