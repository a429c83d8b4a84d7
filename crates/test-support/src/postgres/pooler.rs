use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin};

use super::server::Server;
use crate::certificate::{CERTIFICATE, KEY};
use crate::process;
use crate::program::{as_user_at, give_to_user};

const PROGRAM: &str = "/usr/sbin/pgbouncer";
/// Few, so that clients take turns on them.
const SESSIONS: usize = 3;

/// Period for which a client holds a session of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Until the client disconnects.
    Session,
    /// Until the end of each transaction.
    Transaction,
}

/// A PgBouncer in front of a server: it accepts TLS with the server's certificate and SCRAM with the server's passwords, and
/// refuses unknown start-up parameters.
pub struct Pooler {
    address: SocketAddr,
    _process: Child,
    /// Closed with this value or its process, which is what the reaper waits for.
    _lifeline: ChildStdin,
}

impl Pooler {
    /// Starts a PgBouncer on loopback.
    ///
    /// # Panics
    /// PgBouncer is not installed, or does not start.
    pub fn start(server: &Server, mode: Mode) -> Self {
        assert!(
            Path::new(PROGRAM).exists(),
            "no PgBouncer: install the package pgbouncer, or `cargo xtask tools --install`"
        );
        let (folder, lifeline) = process::folder("myapp-pgbouncer-", "KILL");
        give_to_user(&folder);
        for file in [CERTIFICATE, KEY] {
            fs::copy(server.folder().join(file), folder.join(file)).unwrap();
            give_to_user(&folder.join(file));
        }
        let (process, address) = process::launch_anywhere(&folder, Ipv4Addr::LOCALHOST.into(), |address| {
            fs::write(folder.join("ini"), configuration(server, &folder, address, mode)).unwrap();
            let mut command = as_user_at(Path::new(PROGRAM));
            command.arg(folder.join("ini"));
            process::launch(&folder, command, || TcpStream::connect(address).is_ok())
        });
        Self { address, _process: process, _lifeline: lifeline }
    }

    /// The port it listens on, with the server's certificate; see [`url_by`](super::Database::url_by).
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

fn configuration(server: &Server, folder: &Path, address: SocketAddr, mode: Mode) -> String {
    let (sessions, mode) = match mode {
        // Each client has its own.
        Mode::Session => (100, "session"),
        Mode::Transaction => (SESSIONS, "transaction"),
    };
    let file = |name: &str| folder.join(name).display().to_string();
    let (socket, port) = (server.folder().display().to_string(), server.port());
    let (own, certificate, key) = (address.port(), file(CERTIFICATE), file(KEY));
    format!(
        "[databases]\n* = host={socket} port={port}\n\
        [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {own}\nunix_socket_dir =\n\
        auth_type = scram-sha-256\nauth_user = postgres\n\
        auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename=$1\n\
        pool_mode = {mode}\nmax_client_conn = 500\ndefault_pool_size = {sessions}\n\
        client_tls_sslmode = require\nclient_tls_key_file = {key}\nclient_tls_cert_file = {certificate}\n"
    )
}
