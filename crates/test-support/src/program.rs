//! The programs of the newest PostgreSQL installed, run as a user that it accepts.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian installs each version's programs below this folder, outside the path.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The server refuses to run as root; the distribution's package makes this user.
const USER: &str = "postgres";

/// A program that belongs to the server.
pub(crate) fn as_user(program: &str) -> Command {
    as_user_at(&newest_version().join("bin").join(program))
}

/// The program at that path.
pub(crate) fn as_user_at(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program);
    command
}

/// A client that reads no settings of the person who runs the tests.
pub(crate) fn psql() -> Command {
    let mut command = Command::new("psql");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(["--no-psqlrc", "--no-password", "--set=ON_ERROR_STOP=1", "-Atq"]);
    command
}

/// A client who is the superuser, by the socket in the server's folder.
pub(crate) fn psql_of(folder: &Path, port: u16) -> Command {
    let mut command = psql();
    command.arg("--host").arg(folder).args(["--port", &port.to_string(), "--username=postgres"]);
    command
}

/// Runs a program that must succeed; returns its standard output.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Makes the server's user the owner, if that is another user.
pub(crate) fn give_to_user(path: &Path) {
    if is_root() {
        let id = |flag: &str| run(Command::new("id").args([flag, USER])).trim().parse().unwrap();
        chown(path, Some(id("-u")), Some(id("-g"))).unwrap();
    }
}

fn newest_version() -> PathBuf {
    let folders = fs::read_dir(VERSIONS).into_iter().flatten().filter_map(Result::ok);
    let versions = folders.filter_map(|folder| folder.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions.max().unwrap_or_else(|| {
        panic!(
            "no PostgreSQL below {VERSIONS}: install the package postgresql, or `cargo xtask tools --install`"
        )
    });
    Path::new(VERSIONS).join(newest.to_string())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
