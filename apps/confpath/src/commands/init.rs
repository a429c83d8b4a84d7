//! `confpath init`: puts a new or an existing repository on the path.

use std::io::{IsTerminal as _, Write as _};

use serde_json::{Value, json};

use super::output::{Failure, print, print_problems};
use crate::args::{GenerateArgs, InitArgs, Language, Output};
use crate::exit_code;
use crate::generate::DOCKERFILE_REGION;
use crate::init::{self, DOCKERFILE, Service};
use crate::input;
use crate::origin::Problem;
use crate::output_file;
use crate::project::{FILE_NAME, IMAGE_REFERENCE, SERVICE_NAME, is_image, is_service_name};
use crate::region;

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
    let unknown = |problem| (vec![problem], exit_code::UNKNOWN);
    let dockerfile = input::read_if_present(&args.directory.join(DOCKERFILE)).map_err(unknown)?;
    let has_dockerfile = dockerfile.is_some_and(|text| region::has(&text, DOCKERFILE_REGION));
    let service = service(args, has_dockerfile).map_err(|problems| (problems, exit_code::USAGE))?;
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
///
/// # Errors
/// Everything that is wrong with flags and answers, of which nothing is written yet.
fn service(args: &InitArgs, has_dockerfile: bool) -> Result<Service, Vec<Problem>> {
    let mut problems = problems(args);
    if !problems.is_empty() {
        return Err(problems);
    }
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let asked = |question: &str, otherwise: &str| {
        let answer = if is_terminal { ask(question, otherwise) } else { String::new() };
        if answer.is_empty() { otherwise.to_owned() } else { answer }
    };
    let mut wrong = |subject: &str, message: String| problems.push(Problem::new(subject, message, None));
    let image = args.image.clone().unwrap_or_else(|| asked("Image, without its tag", &args.name));
    if !is_name(&image) {
        wrong("image", IMAGE_NAME.into());
    }
    let port = args.port.unwrap_or_else(|| {
        let answer = asked("Port that the service listens on", "8080");
        answer.parse().ok().filter(|port| *port > 0).unwrap_or_else(|| {
            wrong("port", format!("{answer:?} is no port: give a number from 1 to 65535"));
            0
        })
    });
    let language = args.language.or_else(|| {
        let answer = asked("Language of a typed reader (python, typescript, go, java or none)", "none");
        language(&answer).unwrap_or_else(|message| {
            wrong("language", message);
            None
        })
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    let reader = language.map(|language| reader(language, &args.name));
    Ok(Service { name: args.name.clone(), image, port, reader, tool: args.tool.clone(), has_dockerfile })
}

/// The sentence on a name of an image that is none.
const IMAGE_NAME: &str = "must be a name such as registry.example.com/team/shop, without a tag";

fn is_name(image: &str) -> bool {
    image.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c)) && !image.is_empty()
}

/// Everything that is wrong with the flags alone.
fn problems(args: &InitArgs) -> Vec<Problem> {
    let checks = [
        ("NAME", SERVICE_NAME, is_service_name(&args.name)),
        ("--image", IMAGE_NAME, args.image.as_deref().is_none_or(is_name)),
        ("--confpath-image", IMAGE_REFERENCE, args.tool.as_deref().is_none_or(is_image)),
    ];
    let wrong = checks.into_iter().filter(|(.., is_right)| !is_right);
    wrong.map(|(flag, message, _)| Problem::new(flag, message, None)).collect()
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
