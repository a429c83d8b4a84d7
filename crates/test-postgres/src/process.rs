//! The server's own process, from its first file to its last.

use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::certificate::{CERTIFICATE, KEY};
use crate::log;
use crate::program::{as_user, psql_of, run};

/// Someone else may take a port between its choice and its use, or hold it for a moment after a server's end.
pub(crate) const ATTEMPTS: usize = 5;
/// For a machine under load.
pub(crate) const LONGEST_START: Duration = Duration::from_secs(120);
const DATA: &str = "data";

/// Makes the files of a server that takes nothing but TLS and passwords, except from the superuser on its own socket.
pub(crate) fn initialise(folder: &Path) {
    let mut command = as_user("initdb");
    command.args(["--auth=scram-sha-256", "--auth-local=trust", "--username=postgres", "--no-sync"]);
    run(command.arg("--pgdata").arg(folder.join(DATA)).current_dir(folder));
    write_rules(folder, "scram-sha-256");
}

/// The superuser's own socket needs no authentication; all other clients use TLS and authenticate by `method`.
pub(crate) fn write_rules(folder: &Path, method: &str) {
    let rules = format!("local all all trust\nhostssl all all all {method}\n");
    fs::write(folder.join(DATA).join("pg_hba.conf"), rules).unwrap();
}

/// Starts it on a free port of `address`.
pub(crate) fn launch_anywhere(folder: &Path, address: IpAddr, settings: &[String]) -> (Child, SocketAddr) {
    let started = (0..ATTEMPTS).find_map(|_| {
        let address = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap();
        launch(folder, address, settings).map(|process| (process, address))
    });
    started.unwrap_or_else(|| panic!("no start: {}", log::read(folder)))
}

/// Starts it at that address and no other.
pub(crate) fn launch_at(folder: &Path, address: SocketAddr, settings: &[String]) -> Child {
    let started = (0..ATTEMPTS).find_map(|_| launch(folder, address, settings));
    started.unwrap_or_else(|| panic!("no start: {}", log::read(folder)))
}

/// Starts the server and waits until it answers; `None` if it ended instead.
fn launch(folder: &Path, address: SocketAddr, settings: &[String]) -> Option<Child> {
    let mut command = as_user("postgres");
    command.arg("-D").arg(folder.join(DATA)).arg("-k").arg(folder);
    command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
    let file = |name: &str| folder.join(name).display().to_string();
    let fixed = [
        "ssl=on".to_owned(),
        "unix_socket_permissions=0777".to_owned(),
        format!("ssl_cert_file={}", file(CERTIFICATE)),
        format!("ssl_key_file={}", file(KEY)),
    ];
    command.args(fixed.iter().chain(settings).flat_map(|setting| ["-c", setting]));
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).current_dir(folder);
    // In a group of its own, so that a Ctrl-C for the test leaves it to the reaper.
    let mut process = command.process_group(0).spawn().unwrap();
    fs::write(folder.join("pid"), process.id().to_string()).unwrap();
    let deadline = Instant::now() + LONGEST_START;
    loop {
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        let mut question = psql_of(folder, address.port());
        question.args(["--dbname=postgres", "--command", "SELECT 1"]);
        if question.output().unwrap().status.success() {
            return Some(process);
        }
        assert!(Instant::now() < deadline, "never ready: {}", log::read(folder));
        sleep(Duration::from_millis(20));
    }
}

/// Waits until the returned pipe is closed, at the latest with this process; then ends the server by `signal` and removes its
/// folder. The process that works in that folder is the server: its number may belong to another process by then, and an ended
/// process stays listed until its exit code is collected.
pub(crate) fn reaper(folder: &Path, signal: &str) -> ChildStdin {
    const SCRIPT: &str = r#"
        serves() { case $(readlink "/proc/$pid/cwd") in "$0"*) ;; *) return 1 ;; esac; }
        cat > /dev/null
        if pid=$(cat "$0/pid") && serves; then kill -s "$1" "$pid"; while serves; do sleep 0.1; done; fi
        rm -rf "$0"
    "#;
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT]).arg(folder).arg(signal).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap().stdin.take().unwrap()
}
