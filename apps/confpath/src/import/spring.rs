//! Spring Boot: `META-INF/spring-configuration-metadata.json`.

mod java;

use contract::format_duration;
use serde_json::{Value, json};

use super::draft::{Draft, Setting};
use super::drops::Drops;
use super::durations;
use super::keywords::Keywords;
use super::names::{relaxed, words};
use super::place::Place;
use super::schema::value_of;
use crate::document::{Map, Node};
use java::{keywords_of, remedy};

/// Reads the metadata.
pub(super) fn read(root: &Node, drops: &Drops) -> Draft {
    let mut reader =
        Reader { hints: list(root, "hints").unwrap_or_default(), drops, draft: Draft::default() };
    let place = Place { line: root.line, pointer: String::new() };
    let Some(properties) = list(root, "properties") else {
        reader.draft.refuse(&place, "has no list of properties, as spring-configuration-metadata.json has");
        return reader.draft;
    };
    for (index, property) in properties.iter().enumerate() {
        let place = place.child("properties", property.line).child(&index.to_string(), property.line);
        match property.map().and_then(|map| Some((map, map.get("name")?.text()?))) {
            Some(_) if drops.has("", &place.pointer) => {}
            Some((map, name)) => reader.property(Property { map, name, place }),
            None => reader.draft.refuse(&place, "has no name"),
        }
    }
    reader.draft
}

fn list<'a>(node: &'a Node, name: &str) -> Option<&'a [std::rc::Rc<Node>]> {
    node.map()?.get(name)?.list()
}

/// One property of the metadata.
struct Property<'a> {
    map: &'a Map,
    name: &'a str,
    place: Place,
}

impl Property<'_> {
    fn place_of(&self, name: &str) -> Place {
        self.place.child(name, self.map.get(name).map_or(self.place.line, |node| node.line))
    }

    fn text(&self, name: &str) -> &str {
        self.map.get(name).and_then(Node::text).unwrap_or_default()
    }
}

struct Reader<'a> {
    hints: &'a [std::rc::Rc<Node>],
    drops: &'a Drops,
    draft: Draft,
}

impl Reader<'_> {
    fn property(&mut self, property: Property<'_>) {
        let name = relaxed(property.name);
        let deprecation = property.map.get("deprecation").and_then(Node::map);
        let part = |name: &str| deprecation.and_then(|map| map.get(name)).and_then(Node::text);
        if part("level") == Some("error") {
            self.draft
                .notes
                .push(format!("{name}: left out, since Spring no longer reads {}", property.name));
            return;
        }
        let Some(mut keywords) = self.typed(&property) else { return };
        let described = property.text("description");
        if !described.is_empty() {
            keywords.insert("description", described.into(), property.place_of("description"));
        }
        if deprecation.is_some() || property.map.get("deprecated").is_some_and(|node| value_of(node) == true)
        {
            keywords.set("deprecated", true, &property.place);
        }
        let replacement = part("replacement").map(|other| format!("Use {other}."));
        let comment: Vec<_> = part("reason").map(str::to_owned).into_iter().chain(replacement).collect();
        if !comment.is_empty() {
            keywords.set("$comment", comment.join(" "), &property.place);
        }
        self.default(&property, &mut keywords);
        self.note(&name, &keywords);
        self.draft.settings.push(Setting {
            name,
            words: words(property.name),
            keywords,
            is_required: false,
            place: property.place,
        });
    }

    /// The keywords of a property's type.
    fn typed(&mut self, property: &Property<'_>) -> Option<Keywords> {
        let place = property.place_of("type");
        let name = property.text("type");
        let values = self.values(property.name);
        let known = if self.drops.has("type", &place.pointer) {
            Some(json!({ "type": "string" }))
        } else {
            keywords_of(name, &values)
        };
        let Some(known) = known else {
            let message = format!("type {name:?} {}", remedy(name, &property.place.pointer));
            self.draft.refuse(&place, message);
            return None;
        };
        let mut keywords = Keywords::default();
        for (keyword, value) in known.as_object().into_iter().flatten() {
            keywords.insert(keyword, value.clone(), place.clone());
        }
        // Values of a hint are suggestions where the type does not limit them.
        if !values.is_empty() && keywords.get("enum").is_none() && keywords.text("type") == "string" {
            keywords.insert("examples", values.into_iter().map(Value::from).collect(), place);
        }
        Some(keywords)
    }

    /// The values that a property's hint lists.
    fn values(&self, name: &str) -> Vec<String> {
        let hints = self.hints.iter().filter_map(|hint| hint.map());
        let mut named = hints.filter(|hint| hint.get("name").and_then(Node::text) == Some(name));
        let values =
            named.next().and_then(|hint| hint.get("values")).and_then(Node::list).unwrap_or_default();
        let values = values.iter().filter_map(|value| value.map()?.get("value"));
        values.map(|value| text_of(&value_of(value))).collect()
    }

    fn default(&mut self, property: &Property<'_>, keywords: &mut Keywords) {
        let place = property.place_of("defaultValue");
        let Some(default) = property.map.get("defaultValue").map(value_of).filter(|value| !value.is_null())
        else {
            return;
        };
        if self.drops.has("defaultValue", &place.pointer) {
            return;
        }
        let read = match keywords.text("type") {
            "string" if keywords.text("format") == "duration-text" => {
                durations::spring(&text_of(&default)).map(|duration| format_duration(duration).into())
            }
            "string" => Some(choice(keywords, &text_of(&default)).into()),
            "array" => Some(list_of(default)),
            _ => Some(default.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(default)),
        };
        match read {
            Some(value) => keywords.insert("default", value, place),
            None => self.draft.refuse(&place, durations::NO_DURATION),
        }
    }

    fn note(&mut self, name: &str, keywords: &Keywords) {
        if keywords.text("type") == "array" {
            self.draft.notes.push(format!("{name}: Spring reads a list with commas between: write a,b"));
        }
    }
}

/// The choice that Spring takes a text for, whatever its case and dashes; the text itself where there is none.
fn choice(keywords: &Keywords, text: &str) -> String {
    let letters = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    let choices =
        keywords.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut choices = choices.filter(|choice| letters(choice) == letters(text));
    choices.next().unwrap_or(text).to_owned()
}

/// A list as Spring prints it: a text with commas, or the one value of a list of one.
fn list_of(value: Value) -> Value {
    match value.as_str() {
        Some("") => json!([]),
        Some(text) => text.split(',').map(|item| json!(item.trim())).collect(),
        None if value.is_array() => value,
        None => vec![value].into(),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
