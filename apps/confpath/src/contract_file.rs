//! The contract: a JSON Schema, with each of its problems by pointer and line, in a file or in an image.

use std::path::Path;

use contract::generate::digest;
use contract::{Contract, KeyError};

use crate::document::{Fault, Pointers, pointers};
use crate::image;
use crate::input::{self, Unusable};
use crate::origin::{Origin, Problem};

/// Reads the contract: a file, or an image that carries it.
///
/// # Errors
/// Every problem of the file.
pub(crate) fn read(path: &Path) -> Result<Contract, Unusable> {
    let Some(carried) = image::contract(path)? else {
        let bytes = input::read(path);
        return parsed(path, bytes.map_err(|reason| Unusable::Unreadable(Problem::of_file(path, reason)))?);
    };
    let contract = parsed(&path.join(image::FILE), carried.text)?;
    if digest(&contract) == carried.digest {
        return Ok(contract);
    }
    let reason = format!("/{} is not the contract that its label {} names", image::FILE, image::LABEL);
    Err(Unusable::Wrong(vec![Problem::of_file(path, reason)]))
}

fn parsed(path: &Path, bytes: Vec<u8>) -> Result<Contract, Unusable> {
    let wrong = |line: usize, reason: String| {
        Unusable::Wrong(vec![problem(path, "the contract".into(), line, reason)])
    };
    let text = input::text_of(bytes).map_err(|line| wrong(line, "is not UTF-8 text".into()))?;
    let no_json = |line, reason: &str| wrong(line, format!("is no JSON: {reason}"));
    let schema = serde_json::from_str(&text).map_err(|error| no_json(error.line(), &error.to_string()))?;
    let (lines, duplicates) = pointers(&text).map_err(|fault| no_json(fault.line, &fault.message))?;
    let mut problems: Vec<_> = duplicates
        .into_iter()
        .map(|Fault { line, message }| problem(path, "the contract".into(), line, message))
        .collect();
    let contract = match Contract::from_schema(schema) {
        Ok(contract) if problems.is_empty() => return Ok(contract),
        Ok(_) => Vec::new(),
        Err(error) => error.0,
    };
    problems.extend(contract.into_iter().map(|error| {
        let pointer = pointer(&error, &lines);
        let line = lines.get(&pointer).copied().unwrap_or(1);
        problem(path, if pointer.is_empty() { "/".into() } else { pointer }, line, error.reason)
    }));
    let line_of = |problem: &Problem| problem.origin.clone();
    problems.sort_by(|a, b| line_of(a).cmp(&line_of(b)).then_with(|| a.cmp(b)));
    Err(Unusable::Wrong(problems))
}

fn problem(path: &Path, subject: String, line: usize, message: String) -> Problem {
    Problem { key: subject, message, origin: Some(Origin::line(path, line)) }
}

/// The pointer of the keyword that a reason names or, without one, of the setting.
fn pointer(error: &KeyError, lines: &Pointers) -> String {
    let setting = format!("/properties/{}", error.key.replace('~', "~0").replace('/', "~1"));
    let setting = if lines.contains_key(&setting) { setting } else { String::new() };
    let words = error.reason.split(['"', ' ', ':']);
    let keywords = words.map(|word| format!("{setting}/{word}"));
    keywords.into_iter().find(|keyword| lines.contains_key(keyword)).unwrap_or(setting)
}
