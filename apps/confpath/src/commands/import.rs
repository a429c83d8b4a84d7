//! `confpath import`: a contract from what other ecosystems print.

mod ask;

use std::io::{IsTerminal as _, stderr, stdin};
use std::path::Path;

use super::output::{print, print_errors};
use crate::args::{Form, ImportArgs};
use crate::import::{self, Case, Choices, Draft, Drops, Naming, Refusal};
use crate::origin::{Origin, Problem};
use crate::report::text;
use crate::{exit_code, input, output_file};

/// The reason why no contract was written.
struct Failure {
    code: u8,
    lines: Vec<String>,
}

pub(super) fn import(args: &ImportArgs) -> u8 {
    match try_import(args) {
        Ok(()) => exit_code::VALID,
        Err(Failure { code, lines }) => {
            print_errors(lines);
            code
        }
    }
}

fn try_import(args: &ImportArgs) -> Result<(), Failure> {
    let unwritable = |path: &Path, reason: String| of_file(path, reason, exit_code::UNKNOWN);
    // Before anything is asked.
    if let Some(path) = args.output.as_deref().filter(|path| path.exists() && !args.force) {
        return Err(unwritable(path, "exists already: say --force to overwrite it".into()));
    }
    let naming = naming(args)?;
    let mut draft = read(args, &naming)?;
    let mut choices = Choices {
        secret: args.secret.clone(),
        not_secret: args.not_secret.clone(),
        hot: args.hot.clone(),
        prepare: args.prepare.clone(),
        required: args.required.clone(),
    };
    if draft.refusals.is_empty()
        && args.file != Path::new("-")
        && stdin().is_terminal()
        && stderr().is_terminal()
    {
        ask::ask(&draft, &mut choices, &mut stdin().lock(), &mut stderr());
    }
    // A setting that is refused is not known, and its name is no mistake.
    let mistakes = choices.mistakes(&draft);
    if draft.refusals.is_empty() && !mistakes.is_empty() {
        return Err(Failure { code: exit_code::USAGE, lines: mistakes });
    }
    choices.apply(&mut draft);
    let contract = import::contract_text(&draft).map_err(|refusals| refused(args, &draft, &refusals))?;
    match &args.output {
        None => print(contract.lines().map(str::to_owned)),
        Some(path) => {
            output_file::write(path, &contract, args.force).map_err(|reason| unwritable(path, reason))?;
        }
    }
    print_errors(draft.notes);
    Ok(())
}

fn naming(args: &ImportArgs) -> Result<Naming, Failure> {
    let names = &args.names;
    let case = match (names.keep_names, args.from) {
        (true, _) => Case::Keep,
        (false, Form::Pydantic) => Case::Upper,
        (false, Form::Zod | Form::JsonSchema | Form::Spring) => Case::Words,
    };
    let is_changed = names.keep_names || !names.prefix.is_empty() || names.nested_delimiter != "_";
    if args.from == Form::Spring && is_changed {
        let line = "names of Spring are what its relaxed binding reads: leave out --prefix, --keep-names and --nested-delimiter";
        return Err(Failure { code: exit_code::USAGE, lines: vec![line.into()] });
    }
    Ok(Naming {
        prefix: names.prefix.clone(),
        unprefixed: names.unprefixed.clone(),
        delimiter: names.nested_delimiter.clone(),
        case,
    })
}

fn read(args: &ImportArgs, naming: &Naming) -> Result<Draft, Failure> {
    let path = args.file.as_path();
    let bytes = if path == Path::new("-") { input::read_from(stdin().lock()) } else { input::read(path) };
    let bytes = bytes.map_err(|reason| of_file(path, reason, exit_code::UNKNOWN))?;
    let wrong = |line: usize, reason: String| Failure {
        code: exit_code::INVALID,
        lines: vec![format!("{}:{line}: {reason}", path.display())],
    };
    let text = input::text_of(bytes).map_err(|line| wrong(line, "is not UTF-8 text".into()))?;
    let drops = Drops(args.drop.clone());
    import::read(args.from, &text, naming, &drops)
        .map_err(|fault| wrong(fault.line, format!("is no JSON: {}", fault.message)))
}

fn of_file(path: &Path, reason: String, code: u8) -> Failure {
    Failure { code, lines: vec![text::problem(&Problem::of_file(path, reason))] }
}

/// Every reason, by line and pointer, after what was guessed: a guess may be the reason.
fn refused(args: &ImportArgs, draft: &Draft, refusals: &[Refusal]) -> Failure {
    let line = |Refusal { place, message }: &Refusal| {
        let pointer = if place.pointer.is_empty() { "/" } else { &place.pointer };
        let origin = Origin::line(&args.file, place.line);
        text::contract_problem(&Problem::new(pointer, message.as_str(), Some(origin)))
    };
    let guesses =
        draft.notes.iter().filter(|note| note.contains("--not-secret")).map(|note| text::one_line(note));
    Failure { code: exit_code::INVALID, lines: guesses.chain(refusals.iter().map(line)).collect() }
}
