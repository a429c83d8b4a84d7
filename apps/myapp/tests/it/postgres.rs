//! A real PostgreSQL, started by the test run: TLS only, SCRAM only, one server for all tests, a database for each.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::http::until_true;

/// Debian keeps each version's programs below here, outside the path.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The server refuses to run as root; the distribution's package makes this user.
const USER: &str = "postgres";
const ATTEMPTS: usize = 5;

/// A running server. When this process ends, in whatever way, the server is ended too and its files are removed.
pub(crate) struct Server {
    directory: PathBuf,
    port: u16,
    process: Child,
    /// Closed with this process, which is what the reaper waits for.
    _lifeline: ChildStdin,
    settings: &'static [&'static str],
}

/// One test's own database and the role that may use it.
pub(crate) struct TestDatabase<'a> {
    pub(crate) server: &'a Server,
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) password: String,
}

/// The server that tests share.
pub(crate) fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    // Nothing of it must survive the machine.
    SERVER.get_or_init(|| Server::start(&["fsync=off", "max_connections=200"]))
}

impl Server {
    /// Starts one with `settings` of its own.
    pub(crate) fn start(settings: &'static [&'static str]) -> Self {
        let directory = tempfile::Builder::new().prefix("myapp-postgres-").tempdir().unwrap().keep();
        give_to_user(&directory);
        certificates(&directory);
        let data = directory.join("data");
        let initdb = ["--auth=scram-sha-256", "--auth-local=trust", "--username=postgres", "--no-sync"];
        let mut command = as_user("initdb");
        run(command.args(initdb).arg("--pgdata").arg(&data).current_dir(&directory));
        let hba = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), hba).unwrap();
        let lifeline = reaper(&directory);
        let (process, port) = (0..ATTEMPTS)
            .find_map(|_| {
                // Someone else may take the port in between; then there is another.
                let port = free_port();
                launch(&directory, port, settings).map(|process| (process, port))
            })
            .unwrap_or_else(|| panic!("no start: {}", log(&directory)));
        Self { directory, port, process, _lifeline: lifeline, settings }
    }

    /// A new database and a role of its own, which has to prove itself by a password.
    pub(crate) fn database(&self) -> TestDatabase<'_> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let password = format!("canary-{name}-first");
        self.sql("postgres", &format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'"));
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER {name}"));
        TestDatabase { server: self, user: name.clone(), name, password }
    }

    /// What the superuser is answered: rows as lines, columns with `|` between them.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let output = self.psql(database).args(["-c", sql]).output().unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The superuser's session for many questions.
    pub(crate) fn session(&self) -> Session {
        let mut child = self.psql("postgres").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (questions, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Session { child, questions, answers: BufReader::new(answers) }
    }

    fn psql(&self, database: &str) -> Command {
        let mut command = Command::new("psql");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.arg("--host").arg(&self.directory).args(["--port", &self.port.to_string()]);
        command.args(["--username=postgres", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-Atq"]);
        command.args(["--dbname", database]);
        command
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate authority of its certificate, which is for `localhost`.
    pub(crate) fn authority(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Ends it as a power failure would, except that the machine's memory survives.
    pub(crate) fn kill(&mut self) {
        // The children notice that the first process is gone, and end.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again at the same port with the same data.
    pub(crate) fn restart(&mut self) {
        let started = (0..ATTEMPTS).find_map(|_| launch(&self.directory, self.port, self.settings));
        self.process = started.unwrap_or_else(|| panic!("no restart: {}", log(&self.directory)));
    }
}

impl TestDatabase<'_> {
    /// `DATABASE_URL` as it should be in production.
    pub(crate) fn url(&self) -> String {
        let (port, authority) = (self.server.port, self.server.authority());
        format!(
            "postgres://{}@localhost:{port}/{}?sslmode=verify-full&sslrootcert={}",
            self.user,
            self.name,
            authority.display()
        )
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.name, sql)
    }

    /// Changes the password as the server knows it.
    pub(crate) fn alter_password(&mut self, password: &str) {
        self.sql(&format!("ALTER ROLE {} PASSWORD '{password}'", self.user));
        password.clone_into(&mut self.password);
    }

    /// Whether the server lets someone in with `password`.
    pub(crate) fn lets_in(&self, password: &str) -> bool {
        let mut command = Command::new("psql");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("PGPASSWORD", password).args(["--no-psqlrc", "-Atqc", "SELECT 1"]).arg(self.url());
        command.output().unwrap().status.success()
    }
}

/// Answers one number to each question; costs no process each time.
pub(crate) struct Session {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Session {
    pub(crate) fn number(&mut self, sql: &str) -> usize {
        writeln!(self.questions, "{sql};").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().parse().unwrap_or_else(|_| panic!("{sql}: {line:?}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the server and waits until it answers; `None` if it ended instead.
fn launch(directory: &Path, port: u16, settings: &[&str]) -> Option<Child> {
    let mut command = as_user("postgres");
    command.arg("-D").arg(directory.join("data")).arg("-k").arg(directory).args(["-p", &port.to_string()]);
    let path = |name: &str| directory.join(name).display().to_string();
    let tls =
        [format!("ssl_cert_file={}", path("server.pem")), format!("ssl_key_file={}", path("server.key"))];
    let fixed = ["listen_addresses=127.0.0.1", "ssl=on", "unix_socket_permissions=0777"];
    for setting in fixed.iter().chain(settings).copied().chain(tls.iter().map(String::as_str)) {
        command.args(["-c", setting]);
    }
    let log = fs::File::options().create(true).append(true).open(directory.join("log")).unwrap();
    // In a group of its own, so that a Ctrl-C for the test leaves it to the reaper.
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
    let mut process = command.current_dir(directory).spawn().unwrap();
    fs::write(directory.join("pid"), process.id().to_string()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        let ready = Command::new("psql")
            .args(["--username=postgres", "--no-psqlrc", "-Atqc", "SELECT 1"])
            .arg("--host")
            .arg(directory)
            .args(["--port", &port.to_string(), "--dbname=postgres"])
            .output()
            .unwrap();
        if ready.status.success() {
            return Some(process);
        }
        assert!(Instant::now() < deadline, "never ready: {}", self::log(directory));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits for the end of this process, and cleans up after it. A server that has ended may stay listed as a process without
/// a command line where nobody asks for its exit code.
fn reaper(directory: &Path) -> ChildStdin {
    let script = "cat > /dev/null; pid=$(cat \"$0/pid\"); kill -QUIT \"$pid\"; \
        while tr -d '\\0' < \"/proc/$pid/cmdline\" | grep -q .; do sleep 0.05; done; rm -rf \"$0\"";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(directory).process_group(0);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap().stdin.take().unwrap()
}

/// An authority, and by it a certificate for `localhost`.
fn certificates(directory: &Path) {
    let openssl = |arguments: &str| {
        run(Command::new("openssl").args(arguments.split_whitespace()).current_dir(directory));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"));
    fs::write(directory.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -days 2 -out server.pem",
    );
    fs::set_permissions(directory.join("server.key"), Permissions::from_mode(0o600)).unwrap();
    give_to_user(&directory.join("server.key"));
    fs::set_permissions(directory.join("ca.pem"), Permissions::from_mode(0o644)).unwrap();
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn give_to_user(path: &Path) {
    if is_root() {
        let id = |flag: &str| {
            let output = Command::new("id").args([flag, USER]).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
        };
        chown(path, Some(id("-u")), Some(id("-g"))).unwrap();
    }
}

/// A program of the newest version installed, run as a user that the server accepts.
fn as_user(program: &str) -> Command {
    let mut versions: Vec<u32> = fs::read_dir(VERSIONS)
        .map(|found| found.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok()).collect())
        .unwrap_or_default();
    versions.sort_unstable();
    let newest = versions.last().unwrap_or_else(|| {
        panic!("no PostgreSQL below {VERSIONS}: install the package postgresql, or `cargo xtask test service --install`")
    });
    let program = format!("{VERSIONS}/{newest}/bin/{program}");
    if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn log(directory: &Path) -> String {
    fs::read_to_string(directory.join("log")).unwrap_or_default()
}

#[test]
fn the_server_takes_tls_only_and_passwords_only() {
    let database = shared().database();
    assert!(database.lets_in(&database.password));
    assert!(!database.lets_in("another"));
    assert!(!database.lets_in(""));
    let clear = format!("{}?sslmode=disable", database.url().split_once('?').unwrap().0);
    let output = Command::new("psql").arg(clear).env("PGPASSWORD", &database.password).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no pg_hba.conf entry"), "{output:?}");
    until_true("reachable", || TcpStream::connect(("127.0.0.1", shared().port())).is_ok());
}
