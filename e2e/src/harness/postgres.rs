//! A PostgreSQL server outside the cluster, as a managed one is: on this machine, at an address that pods reach, and taking
//! nothing but TLS and passwords.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc;

use tempfile::TempDir;
use tokio::process::Command;

use super::command::{self, Outcome};
use super::wait::DEADLINE;

/// Debian keeps each version's programs below here, outside the path.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The server refuses to run as root; the distribution's package makes this user.
const USER: &str = "postgres";
const READY: &str = "database system is ready to accept connections";
/// Someone else may take a port between its choice and its use.
const ATTEMPTS: usize = 5;

/// A running server, which ends with this.
pub struct Postgres {
    process: Child,
    address: SocketAddr,
    host: String,
    folder: TempDir,
}

/// This machine's address on the way to a node of the cluster, by which the node's pods find it. Nothing is sent.
pub fn address_towards(node: IpAddr) -> IpAddr {
    let towards = || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect((node, 9))?;
        socket.local_addr()
    };
    towards().unwrap_or_else(|error| panic!("no way to the node {node}: {error}")).ip()
}

impl Postgres {
    /// Starts one on `address` alone, with a certificate for the name `host`.
    pub async fn start(address: IpAddr, host: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("myapp-e2e-postgres-").tempdir();
        let folder = folder.unwrap_or_else(|error| panic!("no folder: {error}"));
        certify(folder.path(), host).await;
        if is_root() {
            let mut command = Command::new("chown");
            command.args(["-R", &format!("{USER}:")]).arg(folder.path());
            run(command).await.succeeded();
        }
        let data = folder.path().join("data");
        let mut command = as_user("initdb");
        command.args(["--auth-local=trust", "--auth-host=scram-sha-256", "--username=postgres", "--no-sync"]);
        command.arg("--pgdata").arg(&data).current_dir(folder.path());
        run(command).await.succeeded();
        let rules = "local all all trust\nhostssl all all all scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), rules).unwrap_or_else(|error| panic!("{error}"));
        for _ in 0..ATTEMPTS {
            let address = SocketAddr::new(address, free_port(address));
            if let Some(process) = launch(folder.path(), address) {
                return Self { process, address, host: host.to_owned(), folder };
            }
        }
        panic!("PostgreSQL did not start on {address}")
    }

    /// What the superuser is answered: rows as lines, columns with `|` between them.
    pub async fn sql(&self, database: &str, sql: &str) -> String {
        let mut command = psql();
        command.arg("--host").arg(self.folder.path()).args(["--username=postgres", "--dbname", database]);
        command.args(["--port", &self.port().to_string(), "--command", sql]);
        run(command).await.succeeded().trim_end().to_owned()
    }

    /// Whether a role is let in with `password`, from outside.
    pub async fn lets_in(&self, role: &str, password: &str) -> bool {
        let parameters = format!(
            "host={} hostaddr={} port={} user={role} dbname={role} sslmode=verify-full sslrootcert={}",
            self.host,
            self.address.ip(),
            self.port(),
            self.folder.path().join("ca.pem").display()
        );
        let mut command = psql();
        command.env("PGPASSWORD", password).args(["--dbname", &parameters, "--command", "SELECT 1"]);
        run(command).await.code == Some(0)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn address(&self) -> IpAddr {
        self.address.ip()
    }

    /// The certificate of the authority that signed the server's own, in PEM.
    pub fn authority(&self) -> String {
        let path = self.folder.path().join("ca.pem");
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Ends every session and gives its shared memory back, which a plain kill does not.
        let stopped =
            std::process::Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

/// Starts the server and waits until it is ready; nothing when it ended instead.
fn launch(folder: &Path, address: SocketAddr) -> Option<Child> {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut command = as_user("postgres").into_std();
    command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
    for setting in [
        // What it holds need not survive the machine.
        "fsync=off".to_owned(),
        "log_line_prefix=".to_owned(),
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", file("server.pem")),
        format!("ssl_key_file={}", file("server.key")),
    ] {
        command.args(["-c", &setting]);
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let log = process.stderr.take().map(BufReader::new);
    let (ready, is_ready) = mpsc::channel();
    // Reads to the end, since a server that cannot write its log would stop.
    std::thread::spawn(move || {
        for line in log.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            if line.contains(READY) {
                ready.send(()).ok();
            }
        }
    });
    if is_ready.recv_timeout(DEADLINE).is_ok() {
        return Some(process);
    }
    process.kill().ok();
    process.wait().ok();
    None
}

/// An authority, and by it a certificate for `host`.
async fn certify(folder: &Path, host: &str) {
    fs::write(folder.join("names"), format!("subjectAltName=DNS:{host}\n"))
        .unwrap_or_else(|error| panic!("{error}"));
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for line in [
        format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"),
        format!("req {key} -keyout server.key -out server.csr -subj /CN=database"),
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -days 2 -out server.pem"
            .to_owned(),
    ] {
        let mut command = Command::new("openssl");
        command.args(line.split_whitespace()).current_dir(folder);
        run(command).await.succeeded();
    }
}

/// A program of the newest version installed, run as a user that the server accepts.
fn as_user(program: &str) -> Command {
    let program = newest_version().join("bin").join(program);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program);
    command
}

fn newest_version() -> PathBuf {
    let folders = fs::read_dir(VERSIONS).into_iter().flatten().filter_map(Result::ok);
    let versions = folders.filter_map(|folder| folder.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions.max().unwrap_or_else(|| {
        panic!(
            "no PostgreSQL below {VERSIONS}: install it by `cargo xtask test cluster --install`, or by hand"
        )
    });
    Path::new(VERSIONS).join(newest.to_string())
}

/// Asks nothing of the person who runs the tests: their own settings are not read.
fn psql() -> Command {
    let mut command = Command::new("psql");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(["--no-psqlrc", "--no-password", "--set=ON_ERROR_STOP=1", "-Atq"]);
    command
}

async fn run(command: Command) -> Outcome {
    command::run(command, "").await
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn free_port(address: IpAddr) -> u16 {
    let found = TcpListener::bind((address, 0)).and_then(|listener| listener.local_addr());
    found.unwrap_or_else(|error| panic!("no port on {address}: {error}")).port()
}
