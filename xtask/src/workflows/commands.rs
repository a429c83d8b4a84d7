//! The commands of the jobs: one task of this program each, with arguments that it accepts, and set-up from a short list.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::{Parser as _, ValueEnum as _};
use serde_json::{Map, Value};

use super::file::{Job, Workflow};
use crate::args::Args;
use crate::door;
use crate::test::Tier;
use crate::tool::Tool;

/// Debian packages and the project's own Kubernetes need root; the runner's user has the toolchain.
const AS_ROOT: &str = r#"sudo --preserve-env env "HOME=$HOME" "PATH=$PATH" "#;
const TASK: &str = "cargo xtask ";
/// Redirection of a release's notes into the file that the next step reads.
const INTO_FILE: &str = " > notes.md";

/// The beginnings of everything else that may be run.
const SET_UP: [&str; 5] = [
    "aws eks update-kubeconfig ",
    "jq --raw-output ",
    "cosign sign --yes \"$",
    "cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com ",
    "gh release create \"$TAG\" --verify-tag ",
];

/// The task's words, of a line that is one.
fn task(line: &str) -> Option<&str> {
    let line = line.strip_prefix(AS_ROOT).unwrap_or(line);
    Some(line.strip_prefix(TASK)?.trim_end_matches(INTO_FILE))
}

#[test]
fn every_job_runs_one_task_and_known_setup() {
    for workflow in Workflow::all() {
        for job in workflow.jobs() {
            let runs = job.runs();
            let (tasks, others): (Vec<_>, Vec<_>) = runs.iter().partition(|(line, _)| task(line).is_some());
            assert!(tasks.len() <= 1, "{}: {tasks:?}", job.name);
            for (line, _) in others {
                let is_known = SET_UP.iter().any(|start| line.starts_with(start));
                assert!(is_known && !line.contains('\n'), "{}: {line}", job.name);
            }
        }
    }
}

#[test]
fn every_task_accepts_its_arguments() {
    let mut refused = Vec::new();
    for workflow in Workflow::all() {
        for job in workflow.jobs() {
            for (line, environment) in job.runs() {
                let calls = task(line).map(|words| expanded(words, &environment, &job)).unwrap_or_default();
                refused.extend(
                    calls.iter().filter_map(|words| Some(format!("{}: {}", job.name, refusal(words)?))),
                );
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The reason for which a call of the task is refused.
fn refusal(words: &[String]) -> Option<String> {
    let error = parse(words).err()?;
    let first = error.to_string().lines().next().unwrap().to_owned();
    Some(format!("{}: {first}", words.join(" ")))
}

/// Reads words as this program does, and those of a tool as the tool does.
fn parse(words: &[String]) -> Result<(), clap::Error> {
    let program = || std::iter::once("xtask").chain(words.iter().map(String::as_str));
    let args = Args::try_parse_from(program())?;
    match args.task.delegated() {
        None => Ok(()),
        Some((Tool::Bench, ..)) => bench::Args::try_parse_from(program()).map(drop),
        Some((Tool::Cluster, ..)) => cluster::Args::try_parse_from(program()).map(drop),
        Some((Tool::Confpath, task, words)) => {
            let words = door::Words::of(words).unwrap().passed_on;
            let program = ["confpath", task].map(OsString::from).into_iter().chain(words);
            confpath::command().try_get_matches_from(program).map(drop)
        }
        Some((Tool::Release, ..)) => release::Args::try_parse_from(program()).map(drop),
        Some((Tool::Scan, ..)) => scan::Args::try_parse_from(program()).map(drop),
    }
}

#[test]
fn dockerfile_calls_a_task_that_is_there() {
    let dockerfile = std::fs::read_to_string(kit::workspace::root().join("apps/myapp/Dockerfile")).unwrap();
    let (_, call) = dockerfile.split_once("cargo run --quiet --package xtask -- ").unwrap();
    let words: Vec<_> = call.lines().next().unwrap().split_whitespace().map(str::to_owned).collect();
    assert_eq!(refusal(&words), None);
}

/// A claim is worth no more than the command that shows it.
#[test]
fn claims_name_commands_that_are_accepted() {
    let text = std::fs::read_to_string(kit::workspace::root().join("docs/verification.md")).unwrap();
    let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let commands: BTreeSet<_> = spans.filter_map(|span| Some(span.split_once(TASK)?.1)).collect();
    assert!(commands.len() > 10, "{commands:?}");
    let words = |command: &&str| command.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let refused: Vec<_> = commands.iter().filter_map(|command| refusal(&words(command))).collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn tools_describe_their_tasks_in_the_same_words() {
    use clap::CommandFactory as _;
    let listed = Args::command();
    let tools =
        [bench::Args::command(), cluster::Args::command(), release::Args::command(), scan::Args::command()];
    let tasks: Vec<_> =
        tools.iter().flat_map(clap::Command::get_subcommands).filter(|task| !task.is_hide_set()).collect();
    assert_eq!(tasks.len(), 7);
    for task in tasks {
        let known = listed.find_subcommand(task.get_name()).unwrap();
        let words = |command: &clap::Command| {
            (command.get_about().map(ToString::to_string), command.get_long_about().map(ToString::to_string))
        };
        assert_eq!(words(known), words(task), "{}", task.get_name());
    }
}

#[test]
fn ci_runs_every_tier() {
    let workflow = Workflow::named("ci.yml");
    let tiers = workflow.document["jobs"]["test"]["strategy"]["matrix"]["tier"].as_array().unwrap();
    let listed: BTreeSet<_> = tiers.iter().map(|tier| tier.as_str().unwrap().to_owned()).collect();
    let name = |tier: &Tier| tier.to_possible_value().unwrap().get_name().to_owned();
    assert_eq!(listed, Tier::value_variants().iter().map(name).collect());
}

/// The words of a line once for each value of the matrix, with something in place of each variable whose value is known only when it
/// runs.
fn expanded(line: &str, environment: &Map<String, Value>, job: &Job<'_>) -> Vec<Vec<String>> {
    let words: Vec<_> = line.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect();
    let Some(from_matrix) = words.iter().find_map(|word| matrix_values(word, environment, job)) else {
        return vec![words];
    };
    let put = |value: &String| {
        let replace = |word: &String| {
            if matrix_values(word, environment, job).is_some() { value.clone() } else { word.clone() }
        };
        words.iter().map(replace).collect()
    };
    from_matrix.iter().map(put).collect()
}

/// The values that a word takes by way of a variable that the matrix fills.
fn matrix_values(word: &str, environment: &Map<String, Value>, job: &Job<'_>) -> Option<Vec<String>> {
    let expression = environment.get(word.strip_prefix('$')?)?.as_str()?;
    let key = expression.strip_prefix("${{ matrix.")?.strip_suffix(" }}")?;
    let values = job.body["strategy"]["matrix"][key].as_array()?;
    Some(values.iter().map(|value| value.as_str().unwrap().to_owned()).collect())
}

#[test]
fn matrix_word_is_tried_with_each_value() {
    let body = serde_json::json!({ "strategy": { "matrix": { "tier": ["unit", "chart"] } } });
    let job = Job { name: String::new(), body: &body };
    let environment = serde_json::json!({ "TIER": "${{ matrix.tier }}" });
    let found = expanded("test \"$TIER\" --install", environment.as_object().unwrap(), &job);
    assert_eq!(found, [["test", "unit", "--install"], ["test", "chart", "--install"]]);
}
