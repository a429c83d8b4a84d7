//! JSON with lines.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::de::IgnoredAny;

use super::node::{Content, Document, Entry, Fault, Map, Node};
use super::scalar::Scalar;

/// Lines by JSON pointer (RFC 6901) of a document's parts.
pub(crate) type Pointers = BTreeMap<String, usize>;

/// Reads a stream of JSON documents.
///
/// # Errors
/// The first place that is no JSON.
pub(super) fn parse(text: &str) -> Result<Vec<Document>, Fault> {
    for document in serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>() {
        document.map_err(|error| Fault::new(error.line(), error.to_string()))?;
    }
    let mut scanner = Scanner { text, position: 0, line: 1, duplicates: Vec::new() };
    let mut documents = Vec::new();
    while scanner.next_byte().is_some() {
        let root = scanner.node();
        documents.push(Document { root, duplicates: std::mem::take(&mut scanner.duplicates) });
    }
    Ok(documents)
}

/// The lines of all parts of one document, and the names that a mapping has twice, each as the pointer of the second.
///
/// # Errors
/// The first place that is no JSON.
pub(crate) fn pointers(text: &str) -> Result<(Pointers, Vec<Fault>), Fault> {
    let mut pointers = Pointers::new();
    let mut duplicates = Vec::new();
    for document in parse(text)? {
        collect(&document.root, String::new(), &mut pointers);
        duplicates.extend(document.duplicates);
    }
    Ok((pointers, duplicates))
}

fn collect(node: &Node, pointer: String, pointers: &mut Pointers) {
    for Entry { name, line, value } in node.map().map_or(&[][..], |map| &map.0) {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        pointers.insert(pointer.clone(), *line);
        collect(value, pointer, pointers);
    }
    for (index, item) in node.list().unwrap_or_default().iter().enumerate() {
        collect(item, format!("{pointer}/{index}"), pointers);
    }
    pointers.entry(pointer).or_insert(node.line);
}

/// Walks over a text that is known to be JSON, no deeper than `serde_json` goes.
struct Scanner<'a> {
    text: &'a str,
    position: usize,
    line: usize,
    duplicates: Vec<Fault>,
}

impl Scanner<'_> {
    /// The next byte after white space.
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.position)?;
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return Some(byte),
            }
            self.position += 1;
        }
    }

    /// Skips `byte` and the white space before it, if it comes next.
    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.next_byte() == Some(byte);
        self.position += usize::from(is_next);
        is_next
    }

    fn node(&mut self) -> Node {
        let first = self.next_byte();
        let line = self.line;
        let content = match first {
            Some(b'{') => self.map(),
            Some(b'[') => self.list(),
            Some(b'"') => Content::Scalar(Scalar::Text(self.string())),
            _ => Content::Scalar(Scalar::plain(self.word())),
        };
        Node { line, content }
    }

    fn map(&mut self) -> Content {
        let (mut map, mut lines) = (Map::default(), BTreeMap::new());
        self.position += 1;
        while !self.skip(b'}') && self.next_byte().is_some() {
            self.skip(b',');
            self.next_byte();
            let (line, name) = (self.line, self.string());
            self.skip(b':');
            let entry = Entry { name, line, value: Rc::new(self.node()) };
            self.duplicates.extend(map.insert(&mut lines, entry));
        }
        Content::Map(map)
    }

    fn list(&mut self) -> Content {
        let mut items = Vec::new();
        self.position += 1;
        while !self.skip(b']') && self.next_byte().is_some() {
            self.skip(b',');
            items.push(Rc::new(self.node()));
        }
        Content::List(items)
    }

    fn string(&mut self) -> String {
        let rest = &self.text[self.position..];
        let mut is_escaped = false;
        let end = rest.bytes().skip(1).position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        let length = end.map_or(rest.len(), |end| end + 2);
        self.position += length;
        serde_json::from_str(&rest[..length]).unwrap_or_default()
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> &str {
        let rest = &self.text[self.position..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(rest.len());
        // A walk that stood still would never end.
        self.position += end.max(1);
        &rest[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, pointers};

    #[test]
    fn each_part_has_its_line() {
        let text = "{\n \"a\": {\"b/~\": [1,\n \"x\\\"y\"]},\n \"a\": null }\n{}";
        let (lines, duplicates) = pointers(text).unwrap();
        let lines: Vec<_> = lines.iter().map(|(pointer, line)| (pointer.as_str(), *line)).collect();
        assert_eq!(lines, [("", 1), ("/a", 4), ("/a/b~1~0", 2), ("/a/b~1~0/0", 2), ("/a/b~1~0/1", 3)]);
        assert_eq!(
            (duplicates[0].line, duplicates[0].message.as_str()),
            (4, "a is given twice, also on line 2")
        );
        assert_eq!(parse("{} [] \"\" {}").unwrap_or_default().len(), 4);
        assert_eq!(pointers("{\n \"a\": }").unwrap_err().line, 2);
    }
}
