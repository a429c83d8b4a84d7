//! Contracts from what other ecosystems print. Values in, values out: nothing here reads a file or asks.

mod choices;
mod dialect;
mod draft;
mod drops;
mod durations;
mod finish;
mod formats;
mod json_schema;
mod keywords;
mod names;
mod numbers;
mod pattern;
mod place;
mod property;
mod pydantic;
mod schema;
mod spring;
mod zod;

pub(crate) use choices::{Choices, guesses};
pub(crate) use draft::Draft;
pub(crate) use drops::Drops;
pub(crate) use finish::contract_text;
pub(crate) use names::{Case, Naming};
pub(crate) use place::{Place, Refusal};

use crate::args::Form;
use crate::document::{Fault, parse_json};

/// Reads a source.
///
/// # Errors
/// The first place that is no JSON.
pub(crate) fn read(form: Form, text: &str, naming: &Naming, drops: &Drops) -> Result<Draft, Fault> {
    let document = parse_json(text)?;
    let root = &document.root;
    let mut draft = match form {
        Form::Pydantic => json_schema::read(root, &pydantic::DIALECT, naming, drops),
        Form::Zod => json_schema::read(root, &zod::DIALECT, naming, drops),
        Form::JsonSchema => json_schema::read(root, &dialect::PLAIN, naming, drops),
        Form::Spring => spring::read(root, drops),
    };
    for Fault { line, message } in document.duplicates {
        draft.refusals.push(Refusal::new(&Place { line, pointer: String::new() }, message));
    }
    draft.refuse_equal_names();
    Ok(draft)
}
