//! Directories that are not as they should be, as a process finds them: layouts of the kubelet, and mistakes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use contract::Contract;
use serde_json::json;

use super::cases::{Case, Typed, verdict};

pub(super) fn contract() -> Contract {
    Contract::from_schema(json!({
        "required": ["NAME"],
        "properties": {
            "NAME": { "type": "string" },
            "REFUSED": { "type": "string", "not": {
                "pattern": "[0-9]$|^.b|[\\v]x|^-\\w|^\\D$", "description": "must not be so",
            } },
            "TOKEN": { "type": "string", "x-secret": true },
            "LIST": { "type": "array", "items": { "type": "string", "pattern": "^(?:[^b]*)$" } },
            "LONG": { "type": "string", "pattern": "^(?:(?:ab|(c))*)$" },
            "WORD": { "type": "string", "default": "w", "maxLength": 70000 },
        },
    }))
    .unwrap()
}

/// Writes files below `directory`; a name that ends with `->` is a link to the text.
fn write(directory: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(directory).unwrap();
    for (name, text) in files {
        let path = directory.join(name.trim_end_matches("->"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if name.ends_with("->") {
            symlink(text, path).unwrap();
        } else {
            fs::write(path, text).unwrap();
        }
    }
}

/// The cases of contract 0.
pub(super) fn cases(folder: &Path) -> Vec<Case> {
    let mut cases: Vec<Case> = accepted()
        .into_iter()
        .enumerate()
        .map(|(number, (files, values))| {
            let directory = folder.join(format!("good/{number}"));
            write(&directory, files);
            let values = values.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
            case(directory, verdict(&contract(), &values))
        })
        .collect();
    for (number, (files, problems)) in refused().into_iter().enumerate() {
        let directory = folder.join(format!("bad/{number}"));
        write(&directory, files);
        let problems =
            problems.iter().map(|problem| problem.replace("DIR", &directory.display().to_string()));
        cases.push(case(directory.clone(), Err(problems.collect())));
    }
    cases.extend(odd_files(folder));
    cases.extend(odd_lines());
    cases
}

/// Texts at whose ends and breaks engines differ.
fn odd_lines() -> Vec<Case> {
    let mut texts = vec!["5", "5\r\n", "-a", "-é", "٣", "x\nb", "\u{1f600}b"];
    texts.extend([
        "5\n",
        "5\r",
        "5\u{85}",
        "5\u{2028}",
        "\nb",
        "\rb",
        "\u{85}b",
        "\u{2029}b",
        "\u{b}x",
        "\nx",
        "\u{2028}x",
    ]);
    let case = |(key, text): (&str, &str)| {
        let texts = [("NAME", "n"), (key, text)].map(|(key, text)| (key.to_owned(), text.to_owned()));
        let expected = verdict(&contract(), &BTreeMap::from(texts.clone()));
        Case { contract: 0, environment: BTreeMap::from(texts), directory: None, expected }
    };
    let refused = texts.into_iter().map(|text| ("REFUSED", text));
    // Only U+0020 is a blank.
    refused.chain([("LIST", "a\u{a0}, \u{3000}c")]).map(case).collect()
}

fn case(directory: PathBuf, expected: Result<Vec<Typed>, Vec<String>>) -> Case {
    Case { contract: 0, environment: BTreeMap::new(), directory: Some(directory), expected }
}

type Files = &'static [(&'static str, &'static str)];

/// Files with the values that they give.
fn accepted() -> Vec<(Files, Files)> {
    vec![
        (&[("NAME", "n\n"), ("CONFIG_SEAL", "s"), ("unknown", "u"), (".hidden", "h")], &[("NAME", "n")]),
        // A projected volume, an old generation beside it.
        (
            &[
                ("..1/config/NAME", "old"),
                ("..1/WORD", "old"),
                ("..2/config/NAME", "n"),
                ("..2/secrets/TOKEN", "t"),
                ("..data->", "..2"),
                ("WORD", "outside"),
            ],
            &[("NAME", "n"), ("TOKEN", "t")],
        ),
        // Two volumes, each with its own link.
        (
            &[
                ("config/..1/NAME", "n"),
                ("config/..data->", "..1"),
                ("config/NAME->", "..data/NAME"),
                ("secrets/..5/TOKEN", "t"),
                ("secrets/..data->", "..5"),
            ],
            &[("NAME", "n"), ("TOKEN", "t")],
        ),
        // A folder mounted onto a volume.
        (&[("..1/NAME", "n"), ("..data->", "..1"), ("secrets/TOKEN", "t")], &[("NAME", "n"), ("TOKEN", "t")]),
        // A link of a volume without a target behind it, and a folder that is no link.
        (&[("..1/NAME", "n"), ("..data->", "..1"), ("secrets->", "..gone")], &[("NAME", "n")]),
        (&[("..data/NAME", "inside"), ("NAME", "n"), ("secrets/WORD", "")], &[("NAME", "n"), ("WORD", "")]),
    ]
}

/// Files with the problems that they are; DIR stands for the directory.
fn refused() -> Vec<(Files, &'static [&'static str])> {
    vec![
        (&[], &["NAME: is required and not given"]),
        (
            &[("NAME", "n"), ("config/TOKEN", "t")],
            &["TOKEN: is a secret and must not be in config/; mount it from a Secret below secrets/"],
        ),
        (
            &[("NAME", "n"), ("config/NAME", "m"), ("secrets/NAME", "l")],
            &["NAME: is given twice, also in DIR/NAME", "NAME: is given twice, also in DIR/config/NAME"],
        ),
        (
            &[("NAME->", "gone"), ("WORD/x", "")],
            &["NAME: is a dangling link", "WORD: is a directory where a file should be"],
        ),
        (
            &[("NAME", "n\r\n"), ("WORD", "w\n\n")],
            &["NAME: contains a line break at character 2", "WORD: contains a line break at character 2"],
        ),
        // Nothing is missing for sure.
        (&[("config", "no folder")], &["DIR/config: the configuration directory cannot be read:"]),
        (&[("..data->", "..gone")], &["DIR: the configuration directory cannot be read:"]),
        (
            &[("secrets->", "gone"), ("NAME", "\u{feff}")],
            &[
                "DIR/secrets: the configuration directory cannot be read:",
                "NAME: contains a byte order mark at character 1",
            ],
        ),
    ]
}

/// Files that are no text.
fn odd_files(folder: &Path) -> Vec<Case> {
    let directory = folder.join("odd");
    write(&directory, &[("NAME", ""), ("config/WORD", &"w".repeat(65_537))]);
    fs::write(directory.join("NAME"), b"\xff").unwrap();
    fs::write(directory.join("TOKEN"), b"\xed\xa0\x80").unwrap();
    let text = "is not UTF-8 text";
    let problems = vec![
        format!("NAME: {text}"),
        format!("TOKEN: {text}"),
        "WORD: is a file of more than 65536 bytes".into(),
    ];
    let largest = folder.join("largest");
    write(&largest, &[("NAME", ""), ("config/WORD", &"w".repeat(65_536))]);
    let values = [("NAME".to_owned(), String::new()), ("WORD".to_owned(), "w".repeat(65_536))];
    let gone = folder.join("gone");
    let is_gone = format!("{}: the configuration directory cannot be read:", gone.display());
    let mut without = case(
        PathBuf::new(),
        verdict(&contract(), &BTreeMap::from([("NAME".to_owned(), "\u{1f600}".to_owned())])),
    );
    without.directory = None;
    without.environment.insert("NAME".into(), "\u{1f600}".into());
    let long = folder.join("long");
    let item = "\\\\\\\"é\u{1f600}";
    let list = format!("[\"{}\"{}]", item.repeat(2000), format!(", \"{item}\"").repeat(2000));
    let texts = [("LIST", list), ("LONG", "abc".repeat(1365)), ("NAME", "n".repeat(4096))];
    let texts = texts.map(|(key, text)| (key.to_owned(), text));
    write(&long, &texts.each_ref().map(|(key, text)| (key.as_str(), text.as_str())));
    let blanks = folder.join("blanks");
    let list = format!("{0},a{0}b{0},", " ".repeat(20_000));
    write(&blanks, &[("LIST", &list), ("NAME", "n")]);
    let blank = BTreeMap::from([("NAME".to_owned(), "n".to_owned()), ("LIST".to_owned(), list)]);
    vec![
        // What an engine that recurses does not get through.
        case(long, verdict(&contract(), &BTreeMap::from(texts))),
        case(blanks, verdict(&contract(), &blank)),
        case(directory, Err(problems)),
        case(largest, verdict(&contract(), &BTreeMap::from(values))),
        case(gone, Err(vec![is_gone])),
        without,
    ]
}
