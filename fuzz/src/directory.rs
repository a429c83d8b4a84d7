//! A mounted directory: what is read is what is on disk by the plainest rules, and no secret's content is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::LazyLock;

use live_config::{Contract, Loaded, SEAL_KEY, Sources};
use serde_json::{Value, json};

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let schema = json!({
        "type": "object",
        "properties": {
            "MODE": {
                "type": "string", "maxLength": 9, "pattern": "^(?:[a-z]*)$", "default": "auto",
                "x-on-change": "hot", "x-expected": "a word",
            },
            "LIMIT": {
                "type": "integer", "minimum": 0, "maximum": 99, "default": 5,
                "x-on-change": "hot", "x-expected": "a number",
            },
            "TOKEN": {
                "type": "string", "maxLength": 99, "x-secret": true, "writeOnly": true, "default": "",
                "x-on-change": "hot", "x-expected": "any text",
            },
        },
    });
    Contract::from_schema(schema).expect("a contract")
});

/// The root, and what is below it.
const PLACES: [&str; 3] = ["", "config", "secrets"];
const NAMES: [&str; 6] = ["MODE", "LIMIT", "TOKEN", "mode", "..MODE", SEAL_KEY];
/// Ends the content of one file.
const SEPARATOR: u8 = 0x1f;
/// Each secret begins with it.
const MARKED: &str = "marked-7f3a";

/// Files by place and name.
type Files = BTreeMap<(&'static str, &'static str), Vec<u8>>;

/// A layout of the directory.
#[derive(Clone, Copy)]
enum Layout {
    /// Files, and folders of files.
    Plain,
    /// One volume: a link to the generation that holds all of it.
    Volume,
    /// `config` and `secrets` are volumes of their own.
    Parts,
}

/// Takes the first byte of `input` for the layout, and each part of the rest for a file: place, name and content.
pub fn check(input: &[u8]) {
    let Some((layout, files)) = input.split_first() else { return };
    let layout = [Layout::Plain, Layout::Volume, Layout::Parts][usize::from(*layout) % 3];
    let files: Files = files.split(|byte| *byte == SEPARATOR).filter_map(file).take(12).collect();
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), layout, &files);

    let sources = Sources::default().directory(directory.path());
    let read = Loaded::<BTreeMap<String, Value>>::read(&CONTRACT, &sources);
    match (expected(&files), read) {
        (Some(expected), Ok(loaded)) => {
            let found: BTreeMap<_, _> =
                loaded.settings.into_iter().map(|(key, value)| (key, text(&value))).collect();
            assert_eq!(found, expected);
        }
        (None, Err(problems)) => {
            let told = problems.to_string();
            assert!(!told.contains(MARKED), "the content of a secret is shown: {told}");
        }
        (Some(_), Err(problems)) => panic!("{files:?} is refused: {problems}"),
        (None, Ok(_)) => panic!("{files:?} is accepted"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn file(part: &[u8]) -> Option<((&'static str, &'static str), Vec<u8>)> {
    let (choice, content) = part.split_first()?;
    let choice = usize::from(*choice);
    let name = NAMES[choice / PLACES.len() % NAMES.len()];
    let marked = if name == "TOKEN" { MARKED.as_bytes() } else { &[] };
    Some(((PLACES[choice % PLACES.len()], name), [marked, content].concat()))
}

fn write(directory: &Path, layout: Layout, files: &Files) {
    let generation = "..2026_11_29";
    let folder = |place: &str| match layout {
        Layout::Plain => directory.join(place),
        Layout::Volume => directory.join(generation).join(place),
        Layout::Parts if place.is_empty() => directory.to_owned(),
        Layout::Parts => directory.join(place).join(generation),
    };
    let mut links = BTreeSet::new();
    for ((place, name), content) in files {
        fs::create_dir_all(folder(place)).expect("a folder");
        fs::write(folder(place).join(name), content).expect("a file");
        match layout {
            Layout::Plain => {}
            Layout::Volume => drop(links.insert(directory.to_owned())),
            Layout::Parts if place.is_empty() => {}
            Layout::Parts => drop(links.insert(directory.join(place))),
        }
    }
    for link in links {
        symlink(generation, link.join("..data")).expect("a link");
    }
}

/// The values that hold by the rules of design and documentation; `None` where something is wrong.
fn expected(files: &Files) -> Option<BTreeMap<String, String>> {
    let defaults = [("MODE", "auto"), ("LIMIT", "5"), ("TOKEN", "")];
    let mut values: BTreeMap<_, _> =
        defaults.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let mut given = BTreeSet::new();
    for ((place, name), content) in files {
        let key = CONTRACT.key(name);
        if key.is_none() && *name != SEAL_KEY {
            continue;
        }
        let text = str::from_utf8(content).ok()?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let Some(key) = key else { continue };
        let is_misplaced = key.secret && *place == "config";
        if is_misplaced || !key.violations(text).is_empty() || !given.insert(*name) {
            return None;
        }
        values.insert((*name).to_owned(), text.to_owned());
    }
    Some(values)
}
