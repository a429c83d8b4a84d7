//! The program behind the manuals of a release: writes the man pages and shell completions of the programs that it is built with, from
//! the flags of these programs themselves, into a folder of the shape of `/usr/local`.

use std::fs;
use std::io::{self, Error};
use std::path::{Path, PathBuf};

use clap::{Command, Parser};
use clap_complete::Shell;

/// Man pages and shell completions
#[derive(Parser)]
#[command(disable_version_flag = true)]
struct Args {
    /// Folder to write to, which must exist
    folder: PathBuf,
}

const MAN_PAGES: &str = "share/man/man1";

/// Shells with the files in which they look for completions by themselves, before and after a program's name.
const COMPLETIONS: [(Shell, &str, &str); 3] = [
    (Shell::Bash, "share/bash-completion/completions/", ""),
    (Shell::Fish, "share/fish/vendor_completions.d/", ".fish"),
    (Shell::Zsh, "share/zsh/site-functions/_", ""),
];

fn main() -> io::Result<()> {
    let folder = Args::parse().folder;
    programs().iter().try_for_each(|program| write(program, &folder))
}

/// The command lines of the programs. Their version is without commit and target, so that the pages are the same for all targets.
fn programs() -> Vec<Command> {
    let programs = [
        #[cfg(feature = "confpath")]
        confpath::command(),
        #[cfg(feature = "myapp")]
        myapp::args::Cli::full_command(),
    ];
    programs.into_iter().map(|program: Command| program.version(env!("CARGO_PKG_VERSION"))).collect()
}

fn write(command: &Command, folder: &Path) -> io::Result<()> {
    let pages = folder.join(MAN_PAGES);
    fs::create_dir_all(&pages).map_err(|error| naming(&pages, &error))?;
    clap_mangen::generate_to(command.clone(), &pages).map_err(|error| naming(&pages, &error))?;
    for (shell, before, after) in COMPLETIONS {
        let file = folder.join(format!("{before}{}{after}", command.get_name()));
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command.clone(), command.get_name(), &mut text);
        let folder = file.parent().unwrap_or(&file);
        fs::create_dir_all(folder).map_err(|error| naming(folder, &error))?;
        fs::write(&file, text).map_err(|error| naming(&file, &error))?;
    }
    Ok(())
}

fn naming(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::process::Command as Process;

    use tempfile::TempDir;

    use super::*;

    fn written() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        programs().iter().for_each(|program| write(program, folder.path()).unwrap());
        folder
    }

    fn text(folder: &TempDir, file: &str) -> String {
        fs::read_to_string(folder.path().join(file)).unwrap()
    }

    /// Long names of the flags of `command`, with those that clap adds itself.
    fn flags(command: &Command) -> Vec<String> {
        command.get_arguments().filter_map(|arg| arg.get_long()).map(str::to_owned).collect()
    }

    /// A program and its subcommands.
    fn with_subcommands(program: &Command) -> Vec<Command> {
        let mut whole = program.clone();
        whole.build();
        let subcommands =
            whole.get_subcommands().filter(|one| one.get_name() != "help" && !one.is_hide_set()).cloned();
        subcommands.chain([whole.clone()]).collect()
    }

    #[test]
    fn completions_name_every_flag_and_subcommand() {
        let folder = written();
        for (program, (shell, before, after)) in
            programs().iter().flat_map(|program| COMPLETIONS.map(|shell| (program.clone(), shell)))
        {
            let completion = text(&folder, &format!("{before}{}{after}", program.get_name()));
            for command in with_subcommands(&program) {
                assert!(completion.contains(command.get_name()), "{shell}: {}", command.get_name());
                for flag in flags(&command) {
                    let named =
                        if shell == Shell::Fish { format!(" -l {flag}") } else { format!("--{flag}") };
                    assert!(completion.contains(&named), "{shell}: {named}");
                }
            }
        }
    }

    #[test]
    fn man_pages_name_every_flag_and_variable() {
        let folder = written();
        for command in programs().iter().flat_map(with_subcommands) {
            let name = command.get_display_name().unwrap_or(command.get_name());
            let page = text(&folder, &format!("{MAN_PAGES}/{name}.1"));
            for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
                assert!(page.contains(&format!(".SH {section}\n")), "{name}: {section}");
            }
            for arg in command.get_arguments() {
                let positional = || arg.get_value_names().unwrap_or_default()[0].to_string();
                let flag = arg.get_long().map_or_else(positional, |flag| format!("--{flag}"));
                assert!(page.contains(&flag.replace('-', "\\-")), "{name}: {flag}");
                let variable = arg.get_env().map(|variable| variable.to_str().unwrap());
                assert!(page.contains(variable.unwrap_or_default()), "{name}: {variable:?}");
            }
        }
    }

    #[test]
    #[ignore = "needs groff"]
    fn man_pages_render_without_warning() {
        let folder = written();
        let pages = fs::read_dir(folder.path().join(MAN_PAGES)).unwrap();
        for page in pages.map(|page| page.unwrap().path()) {
            let output =
                Process::new("groff").args(["-man", "-Tutf8", "-P-cbou", "-ww"]).arg(&page).output().unwrap();
            let warnings = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && warnings.is_empty(), "{}: {warnings}", page.display());
            assert!(String::from_utf8_lossy(&output.stdout).contains("SYNOPSIS"), "{}", page.display());
        }
    }
}
