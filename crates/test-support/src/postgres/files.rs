//! Files of a server, and the command that serves them.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;

use crate::certificate::{CERTIFICATE, KEY};
use crate::process;
use crate::program::{as_user, psql_of, run};

const DATA: &str = "data";

/// Makes the files of a server that takes nothing but TLS and passwords, except from the superuser on its own socket.
pub(super) fn initialise(folder: &Path) {
    let mut command = as_user("initdb");
    command.args(["--auth=scram-sha-256", "--auth-local=trust", "--username=postgres", "--no-sync"]);
    run(command.arg("--pgdata").arg(folder.join(DATA)).current_dir(folder));
    write_rules(folder, "scram-sha-256");
}

/// The superuser's own socket needs no authentication; all other clients use TLS and authenticate by `method`.
pub(super) fn write_rules(folder: &Path, method: &str) {
    let rules = format!("local all all trust\nhostssl all all all {method}\n");
    fs::write(folder.join(DATA).join("pg_hba.conf"), rules).unwrap();
}

/// Starts the server and waits until it answers; `None` if it ended instead.
pub(super) fn launch(folder: &Path, address: SocketAddr, settings: &[String]) -> Option<Child> {
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
    process::launch(folder, command, || {
        let mut question = psql_of(folder, address.port());
        question.args(["--dbname=postgres", "--command", "SELECT 1"]);
        question.output().unwrap().status.success()
    })
}
