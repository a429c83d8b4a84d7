//! Process wiring: flags, each also an environment variable (`MYAPP_` and its name), fixed for the life of the process.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use chassis::{DrainArgs, LimitArgs};
use clap::builder::NonEmptyStringValueParser;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueHint};

use crate::backend::Host;
use crate::build_info;
use crate::exit_code;
use crate::sbom::Sbom;

/// A small web service whose configuration is checked before it serves.
#[derive(Debug, Parser)]
#[command(name = "myapp", version = build_info::SUMMARY, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What to do; `serve` where nothing is said.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until told to stop (the default)
    Serve(ServeArgs),
    /// Check the configuration that `serve` would read with the same flags: exit 0, or 64 with every problem listed
    Check(ServeArgs),
    /// Print the settings contract as JSON Schema
    Schema,
    /// Ask every replica what is in force: exit 0 when all agree and are ready, else 1 with the replica and its reason
    Verify(fleet::VerifyArgs),
}

/// Where the process listens, and where it finds its configuration and data.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Public listener
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    pub listen: SocketAddr,
    /// Admin listener: probes and digests
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    pub admin_listen: SocketAddr,
    /// Operator listener, loopback only: whoever reaches it may read every secret
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9091", value_parser = loopback)]
    pub operator_listen: SocketAddr,
    /// Mounted directory with one file a setting, directly or in config/ and secrets/
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub config_dir: Option<PathBuf>,
    /// Directory for the SQLite file [default: the user's state directory]
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
    /// The one host beyond loopback that is given the database's credential, whatever DATABASE_URL says; any port of it
    /// [default: none]
    #[arg(long, value_name = "HOST")]
    pub database_host: Option<Host>,
    /// What the database server is shown: `password` for DB_PASSWORD, or `iam` for a token of RDS made with the pod's role
    #[arg(long, value_name = "KIND", default_value = "password")]
    pub database_auth: Auth,
    /// The one host beyond loopback that is given the cache's credential, whatever CACHE_URL says; any port of it [default: none]
    #[arg(long, value_name = "HOST")]
    pub cache_host: Option<Host>,
    /// What the cache server is shown: `password` for CACHE_PASSWORD, or `iam` for a token of ElastiCache made with the pod's role
    #[arg(long, value_name = "KIND", default_value = "password")]
    pub cache_auth: Auth,
    /// Name of the replication group of ElastiCache that takes the tokens; needed by --cache-auth=iam
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub cache_name: Option<String>,
    /// Begins the names of all keys in the cache: replicas of one release share it, and no other release does
    #[arg(long, value_name = "TEXT", default_value = "myapp", value_parser = prefix)]
    pub cache_prefix: String,
    /// Admin listeners of all replicas, as a name that resolves to them
    #[arg(long, value_name = "HOST:PORT", value_parser = fleet::host_and_port)]
    pub peers: Option<String>,
    /// Serve this CycloneDX document (JSON) at /sbom of the admin listener; the image's is /usr/share/sbom/myapp.cdx.json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = Sbom::read)]
    pub sbom: Option<Sbom>,
    /// Show secrets unmasked on the public listener
    #[arg(long)]
    pub expose_secrets: bool,
    #[command(flatten)]
    pub drain: DrainArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The command line that they come from
    #[arg(skip)]
    pub arguments: Vec<OsString>,
}

/// The proof that a server is shown of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Auth {
    // Explained where it is asked for: text here would spread the help of every flag over several lines.
    Password,
    Iam,
}

impl Cli {
    /// Parses the command line and the `MYAPP_` variables of the process.
    ///
    /// # Errors
    /// Help was requested, or an argument was rejected: the text is printed, and the exit code is returned.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ExitCode> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let parsed = Self::full_command().try_get_matches_from(&arguments);
        let mut cli = parsed.and_then(|matches| Self::from_arg_matches(&matches)).map_err(|error| {
            let error = chassis::naming_variables(error, &Self::full_command(), &arguments);
            // Nothing is left to do where even stderr is closed.
            let _ = error.print();
            if error.use_stderr() { exit_code::USAGE.into() } else { ExitCode::SUCCESS }
        })?;
        if let Some(Command::Serve(args) | Command::Check(args)) = &mut cli.command {
            args.arguments.clone_from(&arguments);
        }
        cli.serve.arguments = arguments;
        Ok(cli)
    }

    /// The command with a variable for every flag.
    pub fn full_command() -> clap::Command {
        chassis::with_env_prefix(Self::command(), "MYAPP")
    }
}

impl ServeArgs {
    /// Returns true if only this machine can reach the process.
    pub fn is_local(&self) -> bool {
        is_loopback(self.listen) && is_loopback(self.admin_listen)
    }

    /// Returns the flags that contradict each other, one sentence for each contradiction; a value set by a variable is named by
    /// that variable.
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = [self.drain.contradictions(), self.limits.contradictions()].concat();
        match (self.cache_auth, &self.cache_name) {
            (Auth::Iam, None) => {
                found.push(
                    "--cache-auth iam needs --cache-name, the replication group that takes the tokens".into(),
                );
            }
            (Auth::Password, Some(_)) => {
                found.push("--cache-name is of use with --cache-auth iam only: leave one of both out".into());
            }
            (Auth::Iam, Some(_)) | (Auth::Password, None) => {}
        }
        let listeners = [
            ("--listen", self.listen),
            ("--admin-listen", self.admin_listen),
            ("--operator-listen", self.operator_listen),
        ];
        for (index, (flag, address)) in listeners.iter().enumerate() {
            let others = listeners[..index].iter().filter(|(_, other)| are_same(*address, *other));
            found.extend(others.map(|(other, taken)| {
                format!("{flag} {address} and {other} {taken} are the same address: choose another port")
            }));
        }
        let command = Cli::full_command();
        let named = |text: String| chassis::with_variables_named(&text, &command, &self.arguments);
        found.into_iter().map(named).collect()
    }
}

/// Returns true if only one listener can bind both addresses; port 0 selects a different port each time.
fn are_same(one: SocketAddr, other: SocketAddr) -> bool {
    let [own, others] = [one, other].map(|address| address.ip().to_canonical());
    let is_any = |ip: IpAddr| ip.is_unspecified();
    let covers = |any: IpAddr, ip: IpAddr| is_any(any) && (any.is_ipv6() || ip.is_ipv4());
    one.port() != 0
        && one.port() == other.port()
        && (own == others || covers(own, others) || covers(others, own))
}

/// Returns true for a loopback address, including an IPv4-mapped IPv6 address.
fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Parses a prefix of characters that every tool and the access string (ACL) of a user read alike.
fn prefix(text: &str) -> Result<String, String> {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !text.is_empty() && text.len() <= 200 && text.chars().all(is_taken) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 200 letters, digits and - _ . / :, as in shop/myapp".into())
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|error| format!("{error}"))?;
    if is_loopback(address) {
        Ok(address)
    } else {
        Err("the operator listener shows secrets and must be on loopback, as in 127.0.0.1:9091".into())
    }
}
