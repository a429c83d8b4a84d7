//! The cases: those of the files in `cases/`, and random ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use conformance::printed;
use contract::Contract;
use serde::Deserialize;
use serde_json::{Value, json};

use super::live::LiveCase;
use super::random;
use super::run::Answer;
use super::scene::{self, Files};

/// The name of all random cases.
pub(super) const RANDOM: &str = "random";

/// Contracts and cases for all readers.
pub(super) struct Suite {
    pub(super) contracts: Vec<Contract>,
    pub(super) cases: Vec<Case>,
    /// Cases of directories that change, each with the index of its contract.
    pub(super) live: Vec<(usize, LiveCase)>,
    /// Folder for files of the drivers.
    pub(super) folder: PathBuf,
}

/// The sources of a configuration, and its verdict.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// Index of the contract.
    pub(super) contract: usize,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) directory: Option<PathBuf>,
    /// The printed values in the order of the keys, or the problems.
    pub(super) expected: Answer,
}

/// A file of `cases/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    contract: Value,
    #[serde(default)]
    texts: Vec<Texts>,
    #[serde(default)]
    cases: Vec<Described>,
    #[serde(default)]
    live: Vec<LiveCase>,
}

/// Texts of one setting, each a case of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    key: String,
    /// Texts with their printed values.
    accepted: BTreeMap<String, Value>,
    /// The sentence for all of `refused`.
    sentence: String,
    refused: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    name: String,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// Absent where no directory is given.
    files: Option<Files>,
    /// The printed values that differ from the defaults.
    values: Option<BTreeMap<String, Value>>,
    /// DIR stands for the directory.
    problems: Option<Vec<String>>,
}

impl Suite {
    /// The index of the contract of a file of `cases/`.
    pub(super) fn contract(&self, stem: &str) -> usize {
        let prefix = format!("{stem}: ");
        self.cases.iter().find(|case| case.name.starts_with(&prefix)).unwrap().contract
    }

    /// Adds the cases of a file of `cases/`.
    fn add_file(&mut self, path: &Path) {
        let text = fs::read_to_string(path).unwrap();
        let file: CaseFile =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let contract = Contract::from_schema(file.contract).unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        for texts in &file.texts {
            self.add_texts(&stem, &contract, texts);
        }
        for described in file.cases {
            self.add_described(&stem, &contract, described);
        }
        let number = self.contracts.len();
        self.live.extend(file.live.into_iter().map(|case| (number, case)));
        self.contracts.push(contract);
    }

    fn add_texts(&mut self, stem: &str, contract: &Contract, texts: &Texts) {
        let accepted = texts.accepted.iter().map(|(text, value)| {
            (text, Ok(values(contract, &BTreeMap::from([(texts.key.clone(), value.clone())]))))
        });
        let problem = format!("{}: {}", texts.key, texts.sentence);
        let refused = texts.refused.iter().map(|text| (text, Err(vec![problem.clone()])));
        for (text, expected) in accepted.chain(refused) {
            self.cases.push(Case {
                name: format!("{stem}: {}={text:?}", texts.key),
                contract: self.contracts.len(),
                environment: BTreeMap::from([(texts.key.clone(), text.clone())]),
                directory: None,
                expected,
            });
        }
    }

    fn add_described(&mut self, stem: &str, contract: &Contract, described: Described) {
        let Described { name, environment, files, values: given, problems } = described;
        let directory = files.map(|files| {
            let directory = self.folder.join(format!("given/{stem}/{name}"));
            scene::write(&directory, &files);
            directory
        });
        let shown = directory.as_deref().unwrap_or(Path::new("")).display().to_string();
        let expected = match (given, problems) {
            (Some(given), None) => Ok(values(contract, &given)),
            (None, Some(problems)) => {
                Err(problems.iter().map(|problem| problem.replace("DIR", &shown)).collect())
            }
            _ => panic!("{stem}: {name}: a case has either values or problems"),
        };
        let contract = self.contracts.len();
        self.cases.push(Case { name: format!("{stem}: {name}"), contract, environment, directory, expected });
    }
}

/// The printed values in the order of the keys: those of `given`, and the defaults.
pub(super) fn values(contract: &Contract, given: &BTreeMap<String, Value>) -> Vec<Value> {
    let unknown = given.keys().find(|key| contract.key(key).is_none());
    assert_eq!(unknown, None, "no setting of the contract");
    let value = |key: &contract::Key| {
        let default = || printed(key, key.default.as_deref()?);
        given.get(&key.name).map(spelled_out).or_else(default).unwrap_or(Value::Null)
    };
    contract.keys().iter().map(value).collect()
}

/// The value, or the text that `{"repeat": TEXT, "times": N}` stands for.
fn spelled_out(value: &Value) -> Value {
    match value["repeat"].as_str().zip(value["times"].as_u64()) {
        Some((text, times)) => text.repeat(times as usize).into(),
        None => value.clone(),
    }
}

pub(super) fn suite() -> &'static Suite {
    static SUITE: LazyLock<Suite> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut suite = Suite { contracts: Vec::new(), cases: Vec::new(), live: Vec::new(), folder };
        let mut files: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.iter().for_each(|file| suite.add_file(file));
        random::add(&mut suite);
        suite
    });
    &SUITE
}

/// The request of a case.
fn request(case: &Case) -> Value {
    json!({
        "do": "load",
        "contract": case.contract,
        "environment": case.environment,
        "directory": case.directory,
    })
}

/// One line for a driver.
pub(super) fn line(case: &Case) -> String {
    request(case).to_string()
}

/// The same with the name of the case and the answer.
pub(super) fn answered(case: &Case, answer: &Answer) -> String {
    let answer = match answer {
        Ok(values) => json!({ "ok": true, "values": values }),
        Err(problems) => json!({ "ok": false, "problems": problems }),
    };
    let mut answered = request(case);
    answered["name"] = case.name.clone().into();
    answered["answer"] = answer;
    answered.to_string()
}

/// Reads a line of a driver.
pub(super) fn answer(line: &str) -> Answer {
    let answer: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let list = |name: &str| answer[name].as_array().unwrap_or_else(|| panic!("no {name}: {line}")).clone();
    if answer["ok"] == true {
        Ok(list("values"))
    } else {
        Err(list("problems").iter().map(|problem| problem.as_str().unwrap().to_owned()).collect())
    }
}
