//! YAML with lines, read event by event.

use std::collections::BTreeMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::node::{Content, Document, Entry, Fault, Map, Node};
use super::scalar::Scalar;

/// Greatest depth of nested lists and mappings.
const MAX_DEPTH: usize = 64;

/// A list or mapping that is not at its end.
struct Open {
    line: usize,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Rc<Node>>),
    Map { map: Map, lines: BTreeMap<String, usize>, name: Option<(String, usize)> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    duplicates: Vec<Fault>,
    documents: Vec<Document>,
}

/// Reads a stream of YAML documents; empty ones are left out.
///
/// # Errors
/// The first place that is no YAML, or that is nested too deep.
pub(super) fn parse(text: &str) -> Result<Vec<Document>, Fault> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax_fault(&error))?;
        builder.event(event, span)?;
    }
    Ok(builder.documents)
}

/// The parser's reasons hold nothing of the text but single characters.
fn syntax_fault(error: &ScanError) -> Fault {
    Fault::new(error.marker().line(), format!("is no YAML: {}", error.info()))
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let content = Content::Scalar(scalar(&text, style, tag.as_deref()));
                self.add(Node { line, content }, anchor)
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                self.place(node.ok_or_else(|| Fault::new(line, "an alias names a part that it is in"))?)
            }
            Event::SequenceStart(anchor, _) => self.open(line, anchor, Parts::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                let parts = Parts::Map { map: Map::default(), lines: BTreeMap::new(), name: None };
                self.open(line, anchor, parts)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::DocumentEnd => {
                self.end_document();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => Ok(()),
        }
    }

    fn open(&mut self, line: usize, anchor: usize, parts: Parts) -> Result<(), Fault> {
        if self.open.len() == MAX_DEPTH {
            return Err(Fault::new(line, format!("is nested deeper than {MAX_DEPTH} levels")));
        }
        self.open.push(Open { line, anchor, parts });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(Open { line, anchor, parts }) = self.open.pop() else { return Ok(()) };
        let content = match parts {
            Parts::List(items) => Content::List(items),
            Parts::Map { map, .. } => Content::Map(map),
        };
        self.add(Node { line, content }, anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        let node = Rc::new(node);
        // Parts without an anchor have the number 0.
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node)
    }

    /// Puts a part into the innermost open list or mapping.
    fn place(&mut self, node: Rc<Node>) -> Result<(), Fault> {
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.root = Some(node),
            Some(Parts::List(items)) => items.push(node),
            Some(Parts::Map { map, lines, name }) => match name.take() {
                Some((name, line)) => {
                    self.duplicates.extend(map.insert(lines, Entry { name, line, value: node }));
                }
                None => *name = Some((name_of(&node)?, node.line)),
            },
        }
        Ok(())
    }

    fn end_document(&mut self) {
        self.anchors.clear();
        let duplicates = std::mem::take(&mut self.duplicates);
        let Some(root) = self.root.take().and_then(Rc::into_inner) else { return };
        if !root.is_null() {
            self.documents.push(Document { root, duplicates });
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Scalar {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Scalar::Text(text.to_owned()),
        Some(tag) if !(tag.handle.is_empty() && tag.suffix == "!") => Scalar::Tagged,
        _ if style == ScalarStyle::Plain => Scalar::plain(text),
        _ => Scalar::Text(text.to_owned()),
    }
}

fn name_of(node: &Node) -> Result<String, Fault> {
    match &node.content {
        Content::Scalar(Scalar::Text(text) | Scalar::Number(text) | Scalar::Ambiguous(text)) => {
            Ok(text.clone())
        }
        Content::Scalar(Scalar::Boolean(switch)) => Ok(switch.to_string()),
        Content::Scalar(Scalar::Null) => Ok("null".into()),
        Content::Scalar(Scalar::Tagged) | Content::List(_) | Content::Map(_) => {
            Err(Fault::new(node.line, "a name is no text"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, Fault, Scalar, parse};

    fn fault(text: &str) -> Fault {
        parse(text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn parts_have_lines_and_aliases_their_parts() {
        let documents =
            parse("# a\na: &x 'yes'\nb: [1, *x]\na: !!str 5\n---\n---\nc: !t 1\n").unwrap_or_default();
        assert_eq!(documents.len(), 2);
        let map = documents[0].root.map().unwrap();
        let lines: Vec<_> = map.0.iter().map(|entry| (entry.name.as_str(), entry.line)).collect();
        assert_eq!(lines, [("a", 2), ("b", 3), ("a", 4)]);
        assert_eq!(documents[0].duplicates, [Fault::new(4, "a is given twice, also on line 2")]);
        assert_eq!(map.get("b").and_then(|list| list.list()?[1].text()), Some("yes"));
        assert_eq!(map.0[2].value.text(), Some("5"));
        let tagged = documents[1].root.map().and_then(|map| map.get("c"));
        assert!(matches!(tagged.map(|node| &node.content), Some(Content::Scalar(Scalar::Tagged))));
    }

    #[test]
    fn what_is_no_yaml_is_named_by_line() {
        assert_eq!(fault("a:\n\tb: 2\n").line, 2);
        assert_eq!(fault("a: &x [*x]").message, "an alias names a part that it is in");
        assert_eq!(fault("a:\n  [b]: 1").message, "a name is no text");
        assert!(fault(&"[".repeat(65)).message.contains("nested deeper than 64"));
    }
}
