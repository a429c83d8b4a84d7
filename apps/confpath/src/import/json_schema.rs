//! JSON Schema (draft-07, 2020-12): nested objects become flat settings.

mod combine;
mod resolve;

use serde_json::{Map, Value};

use super::dialect::Dialect;
use super::draft::{Draft, Setting};
use super::drops::{Drops, unenforced};
use super::names::{Naming, words};
use super::place::Place;
use super::property::convert;
use super::schema::Schema;
use crate::document::Node;
use resolve::Resolver;

/// Keywords of the root that a contract takes.
const ROOT: [&str; 4] = ["$id", "$comment", "title", "description"];

/// Reads a schema in `dialect`.
pub(super) fn read(root: &Node, dialect: &Dialect, naming: &Naming, drops: &Drops) -> Draft {
    let mut resolver = Resolver::new(root, drops);
    let place = Place { line: root.line, pointer: String::new() };
    let schema = resolver.resolve(root, &place);
    let mut reader = Reader { resolver, dialect, naming, drops, draft: Draft::default() };
    for keyword in ROOT {
        if let Some(value) = schema.keywords.get(keyword) {
            reader.draft.root.insert(keyword.into(), value.clone());
        }
    }
    if schema.is_object() {
        reader.object(&schema, &[], None);
    } else {
        reader.draft.refuse(&place, "is no schema of an object: give the schema of all settings");
    }
    let mut draft = reader.draft;
    draft.refusals.extend(reader.resolver.refusals);
    draft
}

struct Reader<'a> {
    resolver: Resolver<'a>,
    dialect: &'a Dialect,
    naming: &'a Naming,
    drops: &'a Drops,
    draft: Draft,
}

impl<'a> Reader<'a> {
    /// Reads the properties of an object; `default` has those of their defaults that the object gives.
    fn object(&mut self, schema: &Schema<'a>, path: &[String], default: Option<&Map<String, Value>>) {
        self.refuse_other_keywords(schema, path.is_empty());
        for property in
            schema.properties.iter().filter(|property| !self.drops.has("", &property.place.pointer))
        {
            let mut child = self.resolver.property(property);
            // The keyword of the property may be of a definition; the name is always here.
            child.place = property.place.clone();
            let given = default.and_then(|default| default.get(&property.name));
            if let Some(value) = given
                && !self.drops.has("default", &format!("{}/default", child.place.pointer))
            {
                let place = child.place.clone();
                child.keywords.set("default", value.clone(), &place);
            }
            let is_required = schema.required.contains(&property.name);
            let path: Vec<_> = path.iter().cloned().chain([property.name.clone()]).collect();
            self.property(child, &path, is_required);
        }
    }

    fn property(&mut self, schema: Schema<'a>, path: &[String], is_required: bool) {
        if !schema.is_object() {
            self.setting(schema, path, is_required);
        } else if schema.properties.is_empty() {
            let message = format!(
                "is a map, and settings are flat: make each entry a setting of its own, or leave it out with --drop {}",
                schema.place.pointer
            );
            self.draft.refuse(&schema.place, message);
        } else {
            let default = schema.keywords.get("default").and_then(Value::as_object).cloned();
            self.refuse_conditional(&schema, is_required, default.as_ref());
            self.object(&schema, path, default.as_ref());
        }
    }

    /// Refuses fields that must be given only where the object is.
    fn refuse_conditional(
        &mut self,
        schema: &Schema<'_>,
        is_required: bool,
        default: Option<&Map<String, Value>>,
    ) {
        let is_due = |name: &&String| default.is_none_or(|default| !default.contains_key(*name));
        if let Some(name) = schema.required.iter().find(is_due)
            && (!is_required || schema.is_nullable)
        {
            let place = schema.keywords.place("required").unwrap_or(&schema.place);
            let message = format!(
                "{name} is required only where the whole object is given, which a contract cannot enforce: require \
                 the object, or give its fields defaults"
            );
            self.draft.refuse(place, message);
        }
    }

    fn refuse_other_keywords(&mut self, schema: &Schema<'_>, is_root: bool) {
        for (name, keyword) in schema.keywords.iter() {
            let is_known = match name {
                "type" | "title" | "description" | "$comment" | "default" | "examples" | "deprecated"
                | "required" | "readOnly" | "writeOnly" => true,
                "$id" | "$schema" => is_root,
                // What a contract does not name is reported as unknown and ignored, whatever is written here.
                "additionalProperties" => {
                    keyword.value.is_boolean() || keyword.value.as_object().is_some_and(Map::is_empty)
                }
                _ => false,
            };
            if !is_known {
                self.draft.refuse(&keyword.place, unenforced(name));
            }
        }
        for name in &schema.required {
            if !schema.properties.iter().any(|property| property.name == *name) {
                let place = schema.keywords.place("required").unwrap_or(&schema.place);
                self.draft.refuse(place, format!("required names {name:?}, which is no setting"));
            }
        }
    }

    fn setting(&mut self, schema: Schema<'a>, path: &[String], is_required: bool) {
        let name = self.naming.name(path);
        let (place, is_nullable) = (schema.place.clone(), schema.is_nullable);
        let Some(keywords) = convert(schema, self.dialect, &name, &mut self.draft) else { return };
        let is_absent = is_nullable && self.dialect.null_is_absent;
        let has_default = keywords.get("default").is_some();
        if is_required && is_nullable && !is_absent {
            self.draft.notes.push(format!("{name}: must be given, since no text is null"));
        }
        let words = path.iter().flat_map(|name| words(name)).collect();
        let is_required = is_required && !has_default && !is_absent;
        self.draft.settings.push(Setting { name, words, keywords, is_required, place });
    }
}
