//! Searches output for planted values: in every form that a value is likely to have taken, and inside packed content.

mod forms;
mod unpack;

use std::collections::BTreeSet;
use std::path::Path;
use std::{fmt, fs, io};

use aho_corasick::AhoCorasick;

use forms::Form;

/// Shorter values turn up by chance once they are cut to what their base64 surely contains.
const MIN_LENGTH: usize = 8;

/// A search for planted values, each known by a name so that no report repeats it.
pub struct Search {
    automaton: AhoCorasick,
    /// Value and form of each pattern of the automaton.
    meanings: Vec<(&'static str, Form)>,
}

/// A planted value that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The name of the value.
    pub value: &'static str,
    pub form: Form,
    /// Location: the searched place, then each unpacked part, outermost first.
    pub place: String,
}

impl Search {
    /// # Panics
    /// When a value has fewer than 8 bytes, or all of them together gigabytes.
    #[expect(clippy::expect_used, reason = "no value that a person plants comes near the limit")]
    pub fn new(values: &[(&'static str, &str)]) -> Self {
        let mut patterns = Vec::new();
        let mut meanings = Vec::new();
        for (name, value) in values {
            assert!(value.len() >= MIN_LENGTH, "{name} is too short to be looked for");
            for (form, text) in forms::of(value) {
                meanings.push((*name, form));
                patterns.push(text);
            }
        }
        let automaton = AhoCorasick::new(patterns).expect("patterns of less than 4 GiB");
        Self { automaton, meanings }
    }

    /// Everything found in `content` and in whatever it holds, packed or encoded: tar, gzip, base64 and JSON within each other.
    pub fn look(&self, place: &str, content: &[u8]) -> BTreeSet<Finding> {
        let mut found: BTreeSet<_> = self
            .automaton
            .find_overlapping_iter(content)
            .filter_map(|hit| self.meanings.get(hit.pattern().as_usize()))
            .map(|(value, form)| Finding { value, form: *form, place: place.to_owned() })
            .collect();
        for (part, content) in unpack::parts(content) {
            found.extend(self.look(&format!("{place} > {part}"), &content));
        }
        found
    }

    /// Everything found in the files of a folder and of those below it, but for links and for files that are not `wanted`.
    ///
    /// # Errors
    /// A folder or file cannot be read.
    pub fn look_below(
        &self,
        folder: &Path,
        wanted: &impl Fn(&Path) -> bool,
    ) -> io::Result<BTreeSet<Finding>> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_symlink() || !wanted(&path) {
                continue;
            } else if path.is_dir() {
                found.extend(self.look_below(&path, wanted)?);
            } else {
                found.extend(self.look(&path.to_string_lossy(), &fs::read(&path)?));
            }
        }
        Ok(found)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) in {}", self.value, self.form, self.place)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    /// Every encoding changes it somewhere.
    const VALUE: &str = "k3y/+ \"<&>\\~?\u{ff}-7d1f";

    fn look(content: &[u8]) -> Vec<String> {
        let search = Search::new(&[("KEY", VALUE), ("OTHER", "something else")]);
        search.look("here", content).iter().map(ToString::to_string).collect()
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn tar(path: &str, content: &[u8]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content).unwrap();
        tar.into_inner().unwrap()
    }

    #[test]
    fn value_is_found_in_every_encoding() {
        for (text, form) in [
            (VALUE.to_owned(), "plain"),
            ("6b33792f2b20223c263e5c7e3fc3bf2d37643166".to_owned(), "hex"),
            ("6B33792F2B20223C263E5C7E3FC3BF2D37643166".to_owned(), "hex"),
            ("k3y%2F%2B%20%22%3C%26%3E%5C~%3F%C3%BF-7d1f".to_owned(), "URL-encoded"),
            ("k3y%2f%2b+%22%3c%26%3e%5c~%3f%c3%bf-7d1f".to_owned(), "URL-encoded"),
            (r#"k3y/+ \"<&>\\~?ÿ-7d1f"#.to_owned(), "JSON-escaped"),
            (r#"k3y/+ \"\u003c\u0026\u003e\\~?ÿ-7d1f"#.to_owned(), "JSON-escaped"),
        ] {
            assert_eq!(
                look(format!("before{text}after").as_bytes()),
                [format!("KEY ({form}) in here")],
                "{text}"
            );
        }
    }

    #[test]
    fn a_place_without_the_value_yields_nothing() {
        assert_eq!(look(VALUE.replace('7', "8").as_bytes()), Vec::<String>::new());
        assert_eq!(look(b""), Vec::<String>::new());
    }

    #[test]
    fn value_in_compressed_layer_is_found_with_path() {
        let layer = gzip(&tar("etc/config", VALUE.as_bytes()));
        let image = tar("blobs/layer", &layer);
        let found = look(&image);
        assert_eq!(
            found,
            [
                "KEY (plain) in here > blobs/layer > gzip",
                "KEY (plain) in here > blobs/layer > gzip > etc/config"
            ]
        );
    }

    #[test]
    fn a_value_inside_a_helm_release_is_found() {
        let release = gzip(format!(r#"{{"manifest":"key: {}"}}"#, VALUE.replace(['"', '\\'], "")).as_bytes());
        let object = format!(r#"{{"data":{{"release":"{}"}}}}"#, STANDARD.encode(STANDARD.encode(release)));
        let search = Search::new(&[("KEY", &VALUE.replace(['"', '\\'], ""))]);
        let found = search.look("release", object.as_bytes());
        assert!(found.iter().any(|finding| finding.place.ends_with("base64 > base64 > gzip")), "{found:?}");
    }

    proptest! {
        #[test]
        fn base64_hides_a_value_at_no_offset(before in proptest::collection::vec(any::<u8>(), 0..9), after in any::<[u8; 5]>()) {
            let content = [before.as_slice(), VALUE.as_bytes(), &after].concat();
            for encoded in [STANDARD.encode(&content), URL_SAFE_NO_PAD.encode(&content)] {
                let found = look(format!("\"{encoded}\" and more").as_bytes());
                prop_assert_eq!(found, ["KEY (base64) in here"]);
            }
        }

        #[test]
        fn no_content_makes_the_search_fail(content in proptest::collection::vec(any::<u8>(), 0..600)) {
            look(&content);
        }
    }
}
