//! A schema with everything that it refers to.

use serde_json::{Number, Value};

use super::keywords::Keywords;
use super::place::Place;
use crate::document::{Content, Node, Scalar};

/// A schema whose references and combinations are replaced by what they name.
#[derive(Clone)]
pub(super) struct Schema<'a> {
    pub(super) place: Place,
    pub(super) keywords: Keywords,
    /// Properties of an object, in the order of the source.
    pub(super) properties: Vec<Property<'a>>,
    pub(super) required: Vec<String>,
    pub(super) items: Option<Box<Self>>,
    pub(super) is_nullable: bool,
    /// True if its type was left out on purpose, so that it is text.
    pub(super) is_untyped: bool,
}

/// One property of an object.
#[derive(Clone)]
pub(super) struct Property<'a> {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) node: &'a Node,
    /// Pointers of the references that lead here.
    pub(super) chain: Vec<String>,
}

impl Schema<'_> {
    pub(super) fn new(place: &Place) -> Self {
        Self {
            place: place.clone(),
            keywords: Keywords::default(),
            properties: Vec::new(),
            required: Vec::new(),
            items: None,
            is_nullable: false,
            is_untyped: false,
        }
    }

    pub(super) fn is_object(&self) -> bool {
        self.keywords.text("type") == "object" || !self.properties.is_empty()
    }

    pub(super) fn is_null(&self) -> bool {
        self.keywords.text("type") == "null" || self.keywords.get("const").is_some_and(Value::is_null)
    }

    /// Takes `null` out of `type`, `enum` and `default`.
    pub(super) fn take_null(&mut self) {
        let place = self.place.clone();
        for keyword in ["type", "enum"] {
            let Some(Value::Array(values)) = self.keywords.get(keyword) else { continue };
            let mut values = values.clone();
            let before = values.len();
            values.retain(|value| !value.is_null() && (keyword != "type" || value != "null"));
            self.is_nullable |= values.len() < before;
            match (keyword, values.as_slice()) {
                ("type", [only]) => self.keywords.set(keyword, only.clone(), &place),
                _ => self.keywords.set(keyword, values, &place),
            }
        }
        if self.keywords.get("default").is_some_and(Value::is_null) {
            self.keywords.take("default");
        }
    }
}

/// The value of a part of a JSON document.
pub(super) fn value_of(node: &Node) -> Value {
    match &node.content {
        Content::Scalar(Scalar::Boolean(value)) => Value::Bool(*value),
        Content::Scalar(Scalar::Text(text)) => Value::String(text.clone()),
        Content::Scalar(Scalar::Number(text) | Scalar::Ambiguous(text)) => {
            let number: Result<Number, _> = serde_json::from_str(text);
            number.map_or_else(|_| Value::String(text.clone()), Value::Number)
        }
        Content::Scalar(Scalar::Null | Scalar::Tagged) => Value::Null,
        Content::List(items) => items.iter().map(|item| value_of(item)).collect(),
        Content::Map(map) => map.0.iter().map(|entry| (entry.name.clone(), value_of(&entry.value))).collect(),
    }
}
