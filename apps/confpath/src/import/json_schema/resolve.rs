//! References: each is replaced by what it names.

use crate::document::{Entry, Node};
use crate::import::drops::Drops;
use crate::import::place::{Place, Refusal};
use crate::import::schema::{Property, Schema, value_of};

/// Most schemas that are looked at: definitions that use each other twice grow without a bound.
const MAX_STEPS: usize = 100_000;

pub(super) struct Resolver<'a> {
    root: &'a Node,
    drops: &'a Drops,
    /// Pointers of the references that are being followed.
    chain: Vec<String>,
    n_steps: usize,
    pub(super) refusals: Vec<Refusal>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(root: &'a Node, drops: &'a Drops) -> Self {
        Self { root, drops, chain: vec![String::new()], n_steps: 0, refusals: Vec::new() }
    }

    pub(super) fn refuse(&mut self, place: &Place, message: impl Into<String>) {
        self.refusals.push(Refusal::new(place, message));
    }

    /// The schema of a property with everything that it refers to.
    pub(super) fn property(&mut self, property: &Property<'a>) -> Schema<'a> {
        self.chain.clone_from(&property.chain);
        self.resolve(property.node, &property.place)
    }

    /// The schema at `node` with everything that it refers to.
    pub(super) fn resolve(&mut self, node: &'a Node, place: &Place) -> Schema<'a> {
        let mut schema = Schema::new(place);
        self.n_steps += 1;
        let is_large = self.n_steps > MAX_STEPS;
        let Some(map) = node.map().filter(|_| !is_large) else {
            // One sentence is enough for what has no end.
            if !is_large || self.n_steps == MAX_STEPS + 1 {
                let reason = if is_large { "refers to too many schemas" } else { "is no object of keywords" };
                self.refuse(place, reason);
            }
            return schema;
        };
        let mut parts = Vec::new();
        for entry in &map.0 {
            let place = place.child(&entry.name, entry.line);
            if self.drops.has(&entry.name, &place.pointer) {
                schema.is_untyped |= ["type", "anyOf", "oneOf", "$ref"].contains(&entry.name.as_str());
                continue;
            }
            match entry.name.as_str() {
                "$ref" => parts.push(self.reference(entry, &place)),
                "allOf" => parts.extend(self.all(entry, &place)),
                "anyOf" | "oneOf" => parts.push(self.alternatives(entry, &place)),
                _ => self.keyword(&mut schema, entry, place),
            }
        }
        // A schema of anything has no type that could be left out.
        schema.is_untyped |= self.drops.has("", &format!("{}/type", schema.place.pointer));
        for part in parts {
            self.merge(&mut schema, part);
        }
        schema.take_null();
        schema
    }

    fn keyword(&mut self, schema: &mut Schema<'a>, entry: &'a Entry, place: Place) {
        match entry.name.as_str() {
            "properties" => schema.properties.extend(self.properties(&entry.value, &place)),
            "items" if entry.value.map().is_some() => {
                schema.items = Some(Box::new(self.resolve(&entry.value, &place)));
            }
            "$defs" | "definitions" => {}
            "required" => {
                let names = entry.value.list().unwrap_or_default().iter().filter_map(|name| name.text());
                schema.required.extend(names.map(str::to_owned));
                schema.keywords.insert("required", value_of(&entry.value), place);
            }
            name => schema.keywords.insert(name, value_of(&entry.value), place),
        }
    }

    /// Adds a part; what the schema itself says is closer to the setting.
    fn merge(&mut self, schema: &mut Schema<'a>, part: Schema<'a>) {
        let Schema { place: _, mut keywords, properties, required, items, is_nullable, is_untyped } = part;
        schema.properties.extend(properties);
        schema.required.extend(required);
        schema.items = schema.items.take().or(items);
        schema.is_nullable |= is_nullable;
        schema.is_untyped |= is_untyped;
        // Both hold: the names are joined above.
        if schema.keywords.get("required").is_some() {
            keywords.take("required");
        }
        for (keyword, place) in schema.keywords.merge(keywords) {
            let other =
                schema.keywords.place(&keyword).map(|place| place.pointer.clone()).unwrap_or_default();
            self.refuse(
                &place,
                format!("keyword {keyword:?} has another value at {other}: give one of both"),
            );
        }
    }

    fn reference(&mut self, entry: &'a Entry, place: &Place) -> Schema<'a> {
        match self.target(entry.value.text().unwrap_or_default()) {
            Ok((node, target)) => {
                self.chain.push(target.pointer.clone());
                let mut schema = self.resolve(node, &target);
                self.chain.pop();
                // zod 3 names the first use of a schema in place of a definition, and its default with it.
                if target.pointer.rsplit('/').nth(1) == Some("properties") {
                    schema.keywords.take("default");
                }
                schema
            }
            Err(reason) => {
                self.refuse(place, reason);
                // One sentence is enough: that the type is missing follows.
                Schema { is_untyped: true, ..Schema::new(place) }
            }
        }
    }

    fn target(&self, reference: &str) -> Result<(&'a Node, Place), String> {
        let pointer = reference
            .strip_prefix('#')
            .ok_or("refers to another document: inline it, since a contract is one file")?;
        let (node, place) =
            self.find(pointer).ok_or(format!("refers to #{pointer}, which is not in this document"))?;
        if self.chain.contains(&place.pointer) {
            return Err(
                "refers to itself, and settings are flat: a contract has no nesting without an end".into()
            );
        }
        Ok((node, place))
    }

    /// The part at a JSON pointer, which may have escapes of URLs (RFC 6901, 6).
    fn find(&self, pointer: &str) -> Option<(&'a Node, Place)> {
        let mut node = self.root;
        let mut place = Place { line: node.line, pointer: String::new() };
        for step in pointer.strip_prefix('/').map(|steps| steps.split('/')).into_iter().flatten() {
            let name = unescape(step)?;
            let entry = |entry: &'a Entry| (entry.line, &*entry.value);
            let (line, next) = match (node.map(), node.list()) {
                (Some(map), _) => map.0.iter().find(|entry| entry.name == name).map(entry)?,
                (None, Some(items)) => {
                    items.get(name.parse::<usize>().ok()?).map(|item| (item.line, &**item))?
                }
                (None, None) => return None,
            };
            place = place.child(&name, line);
            node = next;
        }
        (pointer.is_empty() || pointer.starts_with('/')).then_some((node, place))
    }

    fn properties(&self, node: &'a Node, place: &Place) -> Vec<Property<'a>> {
        let property = |entry: &'a Entry| Property {
            name: entry.name.clone(),
            place: place.child(&entry.name, entry.line),
            node: &entry.value,
            chain: self.chain.clone(),
        };
        node.map().map_or(&[][..], |map| &map.0).iter().map(property).collect()
    }

    /// Each schema of a list.
    pub(super) fn all(&mut self, entry: &'a Entry, place: &Place) -> Vec<Schema<'a>> {
        let parts = entry.value.list().unwrap_or_default().iter().enumerate();
        parts.map(|(index, part)| self.resolve(part, &place.child(&index.to_string(), part.line))).collect()
    }
}

/// A step of a pointer in a URL as a name.
fn unescape(step: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = step.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                u8::from_str_radix(&String::from_utf8(vec![rest.next()?, rest.next()?]).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    Some(String::from_utf8(bytes).ok()?.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn pointer_steps_lose_their_escapes() {
        assert_eq!(unescape("a~1b~0c%20d").as_deref(), Some("a/b~c d"));
        assert_eq!(unescape("a%2"), None);
    }
}
