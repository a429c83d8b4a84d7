//! A PostgreSQL server of a test.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command};

use super::files;
use super::session::Session;
use crate::certificate::{self, Fault};
use crate::{process, program};

/// A running server.
pub struct Server {
    folder: PathBuf,
    address: SocketAddr,
    host: String,
    settings: Vec<String>,
    process: Child,
    /// Closed with this value or its process, which is what the reaper waits for.
    _lifeline: ChildStdin,
}

impl Server {
    /// Starts one on loopback with `settings` of its own, such as `fsync=off`; its certificate is for `localhost`.
    ///
    /// # Panics
    /// PostgreSQL is not installed, or does not start.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), "localhost", settings)
    }

    /// Starts a server on `address` alone, with a certificate for the name `host`.
    ///
    /// # Panics
    /// PostgreSQL is not installed, or does not start.
    pub fn start_at(address: IpAddr, host: &str, settings: &[&str]) -> Self {
        let (folder, lifeline) = process::folder("myapp-postgres-", "QUIT");
        program::give_to_user(&folder);
        certificate::make(&folder, host);
        files::initialise(&folder);
        let settings: Vec<_> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let launch = |address| files::launch(&folder, address, &settings);
        let (process, address) = process::launch_anywhere(&folder, address, launch);
        Self { folder, address, host: host.to_owned(), settings, process, _lifeline: lifeline }
    }

    /// Runs SQL as the superuser; returns rows as lines, columns with `|` between them.
    ///
    /// # Panics
    /// The server refuses the statement.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.script(database, &[sql])
    }

    /// The same as [`Server::sql`] for several statements, each in a transaction of its own.
    pub(crate) fn script(&self, database: &str, statements: &[&str]) -> String {
        let mut command = self.psql(database);
        command.args(statements.iter().flat_map(|sql| ["--command", sql]));
        program::run(&mut command).trim_end().to_owned()
    }

    /// A session of the superuser for many queries. Some locks belong to the session's database.
    pub fn session(&self, database: &str) -> Session {
        Session::start(self.psql(database))
    }

    /// Returns true if `role` can log in to `database` with `password`, over TLS.
    pub fn lets_in(&self, role: &str, database: &str, password: &str) -> bool {
        let (ip, port) = (self.address.ip(), self.port());
        let parameters = format!(
            "host={} hostaddr={ip} port={port} user={role} dbname={database} sslmode=verify-full sslrootcert={}",
            self.host,
            self.authority().display()
        );
        let mut command = program::psql();
        command.env("PGPASSWORD", password).args(["--dbname", &parameters, "--command", "SELECT 1"]);
        command.output().unwrap().status.success()
    }

    fn psql(&self, database: &str) -> Command {
        let mut command = program::psql_of(&self.folder, self.port());
        command.args(["--dbname", database]);
        command
    }

    /// Address at which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port of [`Server::address`].
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name that its certificate is for.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The file with the authority that signed its certificate, in PEM.
    pub fn authority(&self) -> PathBuf {
        self.folder.join(certificate::AUTHORITY)
    }

    /// Makes the server authenticate every client by `method`, such as `scram-sha-256`, `md5` or `password`.
    pub fn ask_by(&self, method: &str) {
        files::write_rules(&self.folder, method);
        self.sql("postgres", "SELECT pg_reload_conf()");
        let rules = "SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type = 'hostssl'";
        assert_eq!(self.sql("postgres", rules), method);
    }

    /// Has the server show a certificate that clients should refuse, and returns the file with the authority that they may trust.
    pub fn show_certificate_with(&self, fault: Fault) -> PathBuf {
        let authority = certificate::make_with(&self.folder, &self.host, fault);
        self.sql("postgres", "SELECT pg_reload_conf()");
        authority
    }

    /// Ends it as a power failure would, except that the machine's memory survives.
    pub fn kill(&mut self) {
        // The children notice that the first process is gone, and end.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again at the same address with the same data.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart(&mut self) {
        let launch = || files::launch(&self.folder, self.address, &self.settings);
        self.process = process::repeat(&self.folder, launch);
    }
}
