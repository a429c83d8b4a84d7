use std::process::Command;

use chassis::{DrainArgs, LimitArgs, duration, with_env_prefix};
use clap::{Args, CommandFactory, FromArgMatches, Parser};

#[derive(Parser, Debug)]
struct Cli {
    #[command(flatten)]
    drain: DrainArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(subcommand)]
    command: Option<Sub>,
    /// A flag that is on or off.
    #[arg(long)]
    loud: bool,
}

#[derive(Parser, Debug)]
enum Sub {
    Check {
        #[arg(long)]
        dry_run: bool,
        target: Option<String>,
    },
}

fn parse<const N: usize>(arguments: [&str; N]) -> Result<Cli, clap::Error> {
    let command = with_env_prefix(Cli::command(), "TESTAPP");
    Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

fn variables(command: &clap::Command) -> Vec<(String, Option<String>)> {
    let variable = |arg: &clap::Arg| arg.get_env().map(|name| name.to_string_lossy().into_owned());
    command.get_arguments().map(|arg| (arg.get_id().to_string(), variable(arg))).collect()
}

#[test]
fn every_flag_is_a_variable_too() {
    let command = with_env_prefix(Cli::command(), "TESTAPP");
    for (id, variable) in variables(&command) {
        let variable = variable.unwrap_or_else(|| panic!("{id} has no variable"));
        assert!(variable.starts_with("TESTAPP_"), "{id}: {variable}");
    }
    let names: Vec<_> = variables(&command).into_iter().filter_map(|(_, name)| name).collect();
    for expected in ["TESTAPP_DRAIN_MIN", "TESTAPP_LIMIT_HEADER_TIME", "TESTAPP_LOUD"] {
        assert!(names.iter().any(|name| name == expected), "{expected} in {names:?}");
    }
    let check = command.find_subcommand("check").unwrap();
    assert_eq!(
        variables(check),
        [("dry_run".to_owned(), Some("TESTAPP_DRY_RUN".to_owned())), ("target".to_owned(), None)]
    );
}

/// Run by the test below in a process whose environment it chooses.
#[test]
#[ignore = "prints what another test reads"]
fn print_parsed() {
    match parse(["testapp"]) {
        Ok(cli) => println!("<{:?} {}>", cli.drain.min, cli.loud),
        Err(error) => println!("<{}>", error.to_string().lines().next().unwrap()),
    }
}

fn parsed_with(variables: &[(&str, &str)]) -> String {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "args::print_parsed", "--nocapture"])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    let (start, end) = (text.find('<').expect("output"), text.rfind('>').expect("output"));
    text[start + 1..end].to_owned()
}

#[test]
fn a_variable_does_what_its_flag_does() {
    assert_eq!(parsed_with(&[]), "5s false");
    assert_eq!(parsed_with(&[("TESTAPP_DRAIN_MIN", "7s"), ("TESTAPP_LOUD", "true")]), "7s true");
    assert_eq!(parsed_with(&[("TESTAPP_LOUD", "on")]), "5s true");
    assert_eq!(parsed_with(&[("TESTAPP_LOUD", "false")]), "5s false");
    assert_eq!(parsed_with(&[("TESTAPP_LOUD", "0")]), "5s false");
    assert!(parsed_with(&[("TESTAPP_LOUD", "maybe")]).contains("'maybe'"));
    assert!(parsed_with(&[("TESTAPP_DRAIN_MIN", "7")]).contains("needs a unit"));
}

#[test]
fn duration_without_a_unit_is_refused() {
    for text in ["5", "0", "1.5", " 5 "] {
        let message = duration(text).unwrap_err();
        assert!(message.contains("needs a unit, for example `"), "{text}: {message}");
    }
    for text in ["", "s", "5 parsecs", "-5s"] {
        assert!(duration(text).is_err(), "{text}");
    }
    let error = parse(["testapp", "--drain-quiet", "3"]).unwrap_err().to_string();
    assert!(error.contains("--drain-quiet") && error.contains("`3s`"), "{error}");
}

#[test]
fn duration_beyond_any_clock_is_refused() {
    for text in ["18446744073709551615s", "584y", "366days", "8761h", "31536001s", "1year 1day"] {
        for flag in LONG_FLAGS {
            let error = parse(["testapp", flag, text]).unwrap_err().to_string();
            assert!(error.contains(flag) && error.contains("365 days"), "{flag} {text}: {error}");
        }
    }
    for flag in LONG_FLAGS {
        assert!(parse(["testapp", flag, "365d"]).is_ok(), "{flag}");
    }
}

/// All flags that take a duration.
const LONG_FLAGS: [&str; 8] = [
    "--drain-min",
    "--drain-quiet",
    "--drain-accept-max",
    "--drain-requests-max",
    "--limit-header-time",
    "--limit-handler-time",
    "--limit-write-stall",
    "--limit-idle-time",
];

#[test]
fn contradicting_flags_are_reported() {
    let told = |arguments: &[&str]| {
        let command = with_env_prefix(Cli::command(), "TESTAPP");
        let arguments = [&["testapp"], arguments].concat();
        let cli = Cli::from_arg_matches(&command.get_matches_from(arguments)).unwrap();
        [cli.drain.contradictions(), cli.limits.contradictions()].concat().join("\n")
    };
    assert_eq!(told(&[]), "");
    assert_eq!(told(&["--drain-min=12s", "--drain-quiet=12s"]), "");
    assert_eq!(told(&["--drain-min=0s", "--drain-quiet=0s", "--drain-accept-max=0s"]), "");
    for (arguments, words) in [
        (&["--drain-min=20s"][..], ["--drain-min 20s", "--drain-accept-max 12s"]),
        (&["--drain-min=4s", "--drain-accept-max=3s"], ["--drain-min 4s", "--drain-accept-max 3s"]),
        (&["--drain-quiet=13s"], ["--drain-quiet 13s", "--drain-accept-max 12s"]),
        (&["--limit-target-bytes=40000"], ["--limit-target-bytes 40000", "--limit-header-bytes 32768"]),
    ] {
        let told = told(arguments);
        assert!(words.iter().all(|word| told.contains(word)), "{arguments:?}: {told}");
    }
}

#[test]
fn a_limit_of_nothing_is_refused() {
    for (flag, value) in [
        ("--limit-header-time", "0s"),
        ("--limit-header-bytes", "100"),
        ("--limit-header-count", "0"),
        ("--limit-connections", "0"),
    ] {
        assert!(parse(["testapp", flag, value]).is_err(), "{flag} {value}");
    }
    assert!(parse(["testapp", "--drain-min", "0s"]).is_ok());
}

#[test]
fn flag_defaults_equal_struct_defaults() {
    fn from_flags<A: Args>() -> A {
        A::from_arg_matches(&A::augment_args(clap::Command::new("testapp")).get_matches_from(["testapp"]))
            .unwrap()
    }
    assert_eq!(format!("{:?}", from_flags::<DrainArgs>()), format!("{:?}", DrainArgs::default()));
    assert_eq!(format!("{:?}", from_flags::<LimitArgs>()), format!("{:?}", LimitArgs::default()));
}
