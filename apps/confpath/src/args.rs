//! Flags, and the sources that they name in the order in which they were given.

#[cfg(target_os = "linux")]
mod delivery;
mod deployment;
mod diff;
#[cfg(target_os = "linux")]
mod hook;
mod import;
mod install;
mod output;
mod repository;
#[cfg(target_os = "linux")]
mod run;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

#[cfg(target_os = "linux")]
pub(crate) use delivery::{DeliveryArgs, OnRestart};
pub(crate) use deployment::{
    ApplyArgs, DeployCommand, DriftArgs, HelmArgs, PlanArgs, ProjectArgs, ReleaseArgs, RootArgs, WaitArgs,
};
pub(crate) use diff::{DiffArgs, DiffOutput};
#[cfg(target_os = "linux")]
pub(crate) use hook::{Ack, Endpoint, NotifyHook, PrepareHook};
pub(crate) use import::{Form, ImportArgs};
pub(crate) use install::InstallArgs;
pub(crate) use output::Output;
pub(crate) use repository::{GenerateArgs, InitArgs, Language};
#[cfg(target_os = "linux")]
pub(crate) use run::RunArgs;

/// Gives a service in any language the checked way of its configuration.
#[derive(Debug, Parser)]
#[command(name = "confpath", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a configuration: exit 0 if it is valid, 1 if not, 2 if a file cannot be read, 64 for wrong flags or a wrong contract
    Check(CheckArgs),
    /// Put a new or an existing repository on the path: contract, chart, Terraform, tests, README; overwrites nothing
    Init(InitArgs),
    /// Write the files that follow from the contract: chart, Terraform, admission policy, documentation, typed readers
    Generate(GenerateArgs),
    /// Compare two rendered releases: exit 0 if an order of changes works, 1 if not, 2 if a file cannot be read, 64 for wrong flags or a wrong contract
    Diff(DiffArgs),
    /// Make a contract of what pydantic, zod, Spring Boot or any JSON Schema says: exit 0 if it is one, 1 if it cannot be one as it is, 2 if a file cannot be read or written, 64 for wrong flags
    Import(ImportArgs),
    /// Run a command with a valid configuration: exit with its code, 64 for a refused configuration, 2 if a file cannot be read
    #[cfg(target_os = "linux")]
    Run(Box<RunArgs>),
    /// Copy this program to a folder, from an image without a shell: exit 0 if it is there, 2 if it cannot be written
    Install(InstallArgs),
    /// Print the JSON Schema of contracts, by which editors complete and check them
    ContractSchema,
    /// Deploy: Terraform by an approved plan, or Helm with a rollback by itself
    #[command(subcommand)]
    Deploy(DeployCommand),
    /// Compare what Terraform gave, what the release holds and what the replicas run: exit 0 if all is the same, 1 if something differs, 2 if it cannot be told, 64 for wrong flags or a wrong contract
    Drift(DriftArgs),
    /// Ask every replica what is in force: exit 0 if all agree and are ready, 1 if not, 2 if no replica answers otherwise and one gives no answer, 64 for wrong flags
    Verify(fleet::VerifyArgs),
}

/// The command line. The flags of `run` are variables too, as a pod gives them.
pub fn command() -> clap::Command {
    let command = Cli::command();
    #[cfg(target_os = "linux")]
    let command = command.mut_subcommand("run", |run| chassis::with_env_prefix(run, "CONFPATH"));
    command
}

/// Contract, sources and output of a check.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("sources").required(true).multiple(true))]
pub(crate) struct CheckArgs {
    /// The contract: a JSON Schema of one flat object, or the image that carries it as an OCI layout or archive
    #[arg(long, value_name = "FILE")]
    pub(crate) contract: PathBuf,
    /// Directory with one file a setting, directly or in config/ and secrets/, as the service would mount it
    #[arg(long, value_name = "DIR", group = "sources")]
    config_dir: Vec<PathBuf>,
    /// Values file of a Helm chart with the settings under config:; a later file overrides an earlier one, as in Helm
    #[arg(long, value_name = "FILE", group = "sources")]
    values: Vec<PathBuf>,
    /// YAML or JSON stream of Kubernetes objects, of which ConfigMaps and Secrets with settings count
    #[arg(long, value_name = "FILE", group = "sources")]
    manifest: Vec<PathBuf>,
    /// Lines KEY=VALUE; overrides directories, values and manifests
    #[arg(long, value_name = "FILE", group = "sources")]
    env_file: Vec<PathBuf>,
    /// Read this process's environment; overrides directories, values and manifests
    #[arg(long, group = "sources")]
    environment: bool,
    /// Accept that secrets are missing
    #[arg(long)]
    pub(crate) without_secrets: bool,
    /// Form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// The sources, least precedence first.
    #[arg(skip)]
    pub(crate) sources: Vec<Source>,
}

/// One source of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Directory(PathBuf),
    /// Files that are merged as Helm merges them.
    Values(Vec<PathBuf>),
    /// Objects of one cluster.
    Manifests(Vec<PathBuf>),
    EnvFile(PathBuf),
    Environment,
}

impl Cli {
    /// # Errors
    /// Wrong flags, or a request for help.
    pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(arguments)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        if let (Command::Check(args), Some((_, matches))) = (&mut cli.command, matches.subcommand()) {
            args.sources = sources(args, matches);
        }
        Ok(cli)
    }
}

/// The sources with the least precedence first: files before variables as in the process, and each of both groups in the order of
/// the flags. The values files are one source in the place of the first, and so are the manifests.
fn sources(args: &CheckArgs, matches: &ArgMatches) -> Vec<Source> {
    let places = |flag: &str| matches.indices_of(flag).into_iter().flatten().collect::<Vec<_>>();
    let each = |flag: &str, paths: &[PathBuf], source: fn(PathBuf) -> Source| {
        places(flag).into_iter().zip(paths.iter().cloned().map(source)).collect::<Vec<_>>()
    };
    let merged = |flag: &str, paths: &[PathBuf], source: fn(Vec<PathBuf>) -> Source| {
        places(flag).first().map(|place| (*place, source(paths.to_vec())))
    };
    let mut files = each("config_dir", &args.config_dir, Source::Directory);
    files.extend(merged("values", &args.values, Source::Values));
    files.extend(merged("manifest", &args.manifest, Source::Manifests));
    let mut variables = each("env_file", &args.env_file, Source::EnvFile);
    if args.environment {
        variables.extend(places("environment").first().map(|place| (*place, Source::Environment)));
    }
    files.sort_by_key(|(place, _)| *place);
    variables.sort_by_key(|(place, _)| *place);
    files.into_iter().chain(variables).map(|(_, source)| source).collect()
}

#[cfg(test)]
mod tests {
    use super::{Cli, Command, Source};

    fn sources(flags: &str) -> Vec<Source> {
        let arguments = "confpath check --contract c".split(' ').chain(flags.split(' ')).map(Into::into);
        let Command::Check(args) = Cli::read(arguments).unwrap().command else { panic!("no check") };
        args.sources
    }

    #[test]
    fn sources_keep_their_order_in_two_groups() {
        assert_eq!(
            sources(
                "--environment --env-file e --values v --manifest m --config-dir d --values w --manifest n"
            ),
            [
                Source::Values(vec!["v".into(), "w".into()]),
                Source::Manifests(vec!["m".into(), "n".into()]),
                Source::Directory("d".into()),
                Source::Environment,
                Source::EnvFile("e".into()),
            ]
        );
        assert_eq!(sources("--env-file e --environment"), [Source::EnvFile("e".into()), Source::Environment]);
    }
}
