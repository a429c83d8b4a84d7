//! External tools: what they are ([`crate::pins`]), whether they are there, and how to get them ([`install`]).

mod install;

use std::fmt;

use anyhow::Result;

pub use crate::cache::{built, folders, python_path, root as cache_folder};
use crate::pins::{self, Proof, Source, Tool};
pub use crate::pins::{CERTIFICATES, Use, kubernetes_version};
use crate::process::Cmd;
use crate::ui;

/// The missing tools. The message names all of them, each with the way to install it.
#[derive(Debug)]
pub struct Missing(Vec<&'static Tool>);

impl std::error::Error for Missing {}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tools are missing; `--install` gets them:")?;
        self.0.iter().try_for_each(|tool| write!(f, "\n  {}: {}", tool.name, tool.source.how_to_get()))
    }
}

/// Makes sure that everything `uses` call for is there.
///
/// # Errors
/// [`Missing`] when something is not and `install` is false, or cannot be installed by a task.
pub fn require(uses: &[Use], install: bool) -> Result<()> {
    let missing = missing(uses)?;
    if missing.is_empty() {
        return Ok(());
    }
    if !install {
        return Err(Missing(missing).into());
    }
    install::all(&missing)?;
    let still: Vec<_> = missing.into_iter().filter(|tool| !tool.is_there()).collect();
    if still.is_empty() { Ok(()) } else { Err(Missing(still).into()) }
}

/// Builds in the background what `uses` call for and takes long, in the order of `uses`, while a task does something else. A tool
/// that cannot be built is left to [`require`], which reports it; a caller of that waits for the tool at work.
pub fn build_ahead(uses: &[Use]) {
    let mut tools: Vec<&'static Tool> = Vec::new();
    for used in uses {
        let is_new = |tool: &&Tool| !tools.iter().any(|listed| listed.name == tool.name);
        let wanted =
            pins::tools().iter().filter(|tool| tool.uses.contains(used) && install::takes_long(tool));
        let new: Vec<_> = wanted.filter(|tool| !tool.is_there()).filter(is_new).collect();
        tools.extend(new);
    }
    if !tools.is_empty() {
        std::thread::spawn(move || install::in_background(&tools));
    }
}

/// The task `tools`: lists the table with what is there, or installs what is not.
pub fn run(install: bool) -> Result<()> {
    if install {
        require(&Use::ALL, true)?;
    }
    for tool in pins::try_tools()? {
        let state = if tool.is_there() { "there" } else { "missing" };
        ui::say(format!("{:<28} {:<8} {}", tool.name, state, tool.source.how_to_get()));
    }
    Ok(())
}

/// The tools written in Python, each with all packages that it consists of.
pub fn python_packages() -> Vec<(&'static str, &'static [String])> {
    let packages = |tool: &'static Tool| match &tool.source {
        Source::Python { packages } => Some((tool.name.as_str(), packages.as_slice())),
        Source::Debian { .. }
        | Source::GoInstall { .. }
        | Source::GoBuild { .. }
        | Source::GoFiles { .. }
        | Source::GoModule { .. }
        | Source::Rustup { .. }
        | Source::Cargo { .. }
        | Source::ByHand { .. } => None,
    };
    pins::tools().iter().filter_map(packages).collect()
}

fn missing(uses: &[Use]) -> Result<Vec<&'static Tool>> {
    let wanted = |tool: &&Tool| tool.uses.iter().any(|used| uses.contains(used));
    Ok(pins::try_tools()?.iter().filter(wanted).filter(|tool| !tool.is_there()).collect())
}

impl Tool {
    fn is_there(&self) -> bool {
        match &self.proof {
            Proof::Built => crate::cache::command_of(self).is_some_and(|command| command.is_file()),
            Proof::File(path) => std::path::Path::new(path).exists(),
            Proof::Runs(words) => runs(words),
            Proof::AnyRuns(programs) => programs.iter().any(|words| runs(words)),
        }
    }
}

fn runs(words: &[String]) -> bool {
    words.split_first().is_some_and(|(program, args)| Cmd::new(program).args(args).succeeds())
}

impl Source {
    fn how_to_get(&self) -> String {
        match self {
            Self::Debian { package } => format!("apt-get install {package}"),
            Self::GoInstall { package, version } => format!("go install {package}@{version}"),
            Self::GoBuild { version, package, replaced, .. } => match replaced.len() {
                0 => format!("go build {package}@{version}"),
                n => format!("go build {package}@{version} with {n} modules replaced"),
            },
            Self::GoFiles { module, version, folder } => {
                format!("{folder} of go mod download {module}@{version}")
            }
            Self::GoModule { module, package } => format!("go build {package} (in e2e/cluster/{module})"),
            Self::Cargo { package, version } => format!("cargo install --locked {package}@{version}"),
            Self::Rustup { component } => format!("rustup component add {component}"),
            Self::Python { packages } => format!("pip install {}", packages.join(" ")),
            Self::ByHand { how } => how.clone(),
        }
    }
}
