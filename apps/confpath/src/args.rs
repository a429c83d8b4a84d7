//! Flags, and the sources that they name in the order in which they were given.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

/// Checks the configuration of a service against its contract.
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
    /// Compare two rendered releases: exit 0 if an order of changes works, 1 if not, 2 if a file cannot be read, 64 for wrong flags or a wrong contract
    Diff(DiffArgs),
    /// Print the JSON Schema of contracts, by which editors complete and check them
    ContractSchema,
}

/// Contract, sources and output of a check.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("sources").required(true).multiple(true))]
pub(crate) struct CheckArgs {
    /// The contract: a JSON Schema of one flat object
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

/// Contracts, releases and output of a comparison.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The contract of both images
    #[arg(long, value_name = "FILE", required_unless_present_all = ["old_contract", "new_contract"])]
    contract: Option<PathBuf>,
    /// The contract of the running image
    #[arg(long, value_name = "FILE", conflicts_with = "contract", requires = "new_contract")]
    old_contract: Option<PathBuf>,
    /// The contract of the coming image
    #[arg(long, value_name = "FILE", conflicts_with = "contract", requires = "old_contract")]
    new_contract: Option<PathBuf>,
    /// The running release: YAML or JSON stream of Kubernetes objects, as helm template prints it
    #[arg(long, value_name = "FILE")]
    pub(crate) old: PathBuf,
    /// The coming release
    #[arg(long, value_name = "FILE")]
    pub(crate) new: PathBuf,
    /// Compare the objects of one namespace, and those without one
    #[arg(long, value_name = "NS")]
    pub(crate) namespace: Option<String>,
    /// Form of the result
    #[arg(long, value_name = "FORM", value_enum, default_value_t = DiffOutput::Text)]
    pub(crate) output: DiffOutput,
}

impl DiffArgs {
    /// The contracts of the running and of the coming image.
    pub(crate) fn contracts(&self) -> Option<(&Path, &Path)> {
        let old = self.old_contract.as_deref().or(self.contract.as_deref())?;
        let new = self.new_contract.as_deref().or(self.contract.as_deref())?;
        Some((old, new))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffOutput {
    /// Tables and sentences
    Text,
    /// One document
    Json,
    /// A comment for a pull request
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table, or one line a problem on standard error
    Text,
    /// One document on standard output
    Json,
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
        let matches = Self::command().try_get_matches_from(arguments)?;
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
        match Cli::read(arguments).unwrap().command {
            Command::Check(args) => args.sources,
            Command::Diff(_) | Command::ContractSchema => Vec::new(),
        }
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
