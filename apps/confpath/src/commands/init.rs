//! `confpath init`: puts a new or an existing repository on the path.

use std::io::{IsTerminal as _, Write as _};

use serde_json::{Value, json};

use super::output::{Failure, print, print_problems};
use crate::args::{GenerateArgs, InitArgs, Language, Output};
use crate::exit_code;
use crate::init::{self, Service};
use crate::input;
use crate::origin::Problem;
use crate::output_file;
use crate::project::{FILE_NAME, SERVICE_NAME, is_service_name};

pub(super) fn init(args: &InitArgs) -> u8 {
    match run(args) {
        Ok(()) => super::generate::generate(&GenerateArgs {
            project: args.directory.join(FILE_NAME),
            check: false,
            output: Output::Text,
        }),
        Err((problems, code)) => {
            print_problems(Output::Text, &problems);
            code
        }
    }
}

fn run(args: &InitArgs) -> Result<(), Failure> {
    if !is_service_name(&args.name) {
        return Err((vec![Problem::new("NAME", SERVICE_NAME, None)], exit_code::USAGE));
    }
    let unknown = |problem| (vec![problem], exit_code::UNKNOWN);
    let service =
        service(args).map_err(|message| (vec![Problem::new("init", message, None)], exit_code::USAGE))?;
    let readme = args.directory.join("README.md");
    let present = input::read_if_present(&readme).map_err(unknown)?;
    for (path, is_new) in init::write(&args.directory, service.starters()).map_err(unknown)? {
        let word = if is_new { "wrote" } else { "kept" };
        print([format!("{word} {}", path.display())]);
    }
    if let Some(text) = init::section(&service, present.as_deref()) {
        let done = output_file::write(&readme, &text, true);
        done.map_err(|reason| unknown(Problem::of_file(&readme, reason)))?;
        print(["wrote the section Configuration of README.md".to_owned()]);
    }
    Ok(())
}

/// The service as the flags say it; on a terminal, what they leave open is asked.
fn service(args: &InitArgs) -> Result<Service, String> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let asked = |question: &str, otherwise: &str| {
        let answer = if is_terminal { ask(question, otherwise) } else { String::new() };
        if answer.is_empty() { otherwise.to_owned() } else { answer }
    };
    let image = args.image.clone().unwrap_or_else(|| asked("Image, without its tag", &args.name));
    let port = match args.port {
        Some(port) => port,
        None => {
            let answer = asked("Port that the service listens on", "8080");
            answer.parse().map_err(|_| format!("{answer:?} is no port: give a number from 1 to 65535"))?
        }
    };
    if !image.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c)) {
        return Err("the image must be a name such as registry.example.com/team/shop, without a tag".into());
    }
    let language = match args.language {
        Some(language) => Some(language),
        None => {
            let answer = asked("Language of a typed reader (python, typescript, go, java or none)", "none");
            language(&answer)?
        }
    };
    let reader = language.map(|language| reader(language, &args.name));
    Ok(Service { name: args.name.clone(), image, port, reader, tool: args.tool.clone() })
}

fn language(answer: &str) -> Result<Option<Language>, String> {
    use clap::ValueEnum as _;
    match answer {
        "none" => Ok(None),
        answer => Language::from_str(answer, true).map(Some).map_err(|_| {
            format!("{answer:?} is no language of a reader: give python, typescript, go, java or none")
        }),
    }
}

/// The reader where the language's people look for it.
fn reader(language: Language, name: &str) -> Value {
    let package = name.replace('-', "_");
    match language {
        Language::Python => json!({ "language": "python", "path": format!("{package}/settings.py") }),
        Language::Typescript => json!({ "language": "typescript", "path": "src/settings.ts" }),
        Language::Go => json!({ "language": "go", "path": "settings/settings.go", "package": "settings" }),
        Language::Java => {
            let package = format!("com.example.{}", package.replace('_', ""));
            let path = format!("src/main/java/{}/Settings.java", package.replace('.', "/"));
            json!({ "language": "java", "path": path, "package": package })
        }
    }
}

/// Asks on standard error, so that standard output holds results only. Empty where nothing is answered.
fn ask(question: &str, otherwise: &str) -> String {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "{question} [{otherwise}]: ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    // A terminal that is closed answers nothing.
    let _ = std::io::stdin().read_line(&mut answer);
    answer.trim().to_owned()
}
