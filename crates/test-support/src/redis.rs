//! A Redis server of a test, which ends with the test process as those of PostgreSQL do.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command};

use crate::certificate::{self, AUTHORITY, CERTIFICATE, Fault, KEY};
use crate::process;
use crate::program::run;

const SOCKET: &str = "socket";
/// Let in on the socket whatever is done to the others.
const SUPERUSER: [&str; 4] = ["--user", "super", "--pass", "any"];

/// A Redis server, in clear text or through TLS alone.
pub struct Redis {
    folder: PathBuf,
    address: SocketAddr,
    settings: Vec<String>,
    /// The name that its certificate is for, where it takes TLS alone.
    host: Option<String>,
    process: Child,
    /// Closed with this value or its process, which is what the reaper waits for.
    _lifeline: ChildStdin,
}

impl Redis {
    /// Starts one on loopback with these settings beside the usual ones, as `NAME VALUE`.
    ///
    /// # Panics
    /// Redis is not installed, or does not start.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_with(Ipv4Addr::LOCALHOST.into(), None, settings)
    }

    /// The same through TLS, with a certificate for `localhost`.
    ///
    /// # Panics
    /// Redis is not installed, or does not start.
    pub fn start_with_tls(settings: &[&str]) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), "localhost", settings)
    }

    /// The same on `address` alone, with a certificate for the name `host`.
    ///
    /// # Panics
    /// Redis is not installed, or does not start.
    pub fn start_at(address: IpAddr, host: &str, settings: &[&str]) -> Self {
        Self::start_with(address, Some(host), settings)
    }

    fn start_with(address: IpAddr, host: Option<&str>, settings: &[&str]) -> Self {
        let (folder, lifeline) = process::folder("myapp-redis-", "KILL");
        if let Some(host) = host {
            certificate::make(&folder, host);
        }
        let settings: Vec<_> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let launch = |address| launch(&folder, address, host.is_some(), &settings, "PONG");
        let (process, address) = process::launch_anywhere(&folder, address, launch);
        Self { folder, address, settings, host: host.map(str::to_owned), process, _lifeline: lifeline }
    }

    /// URL of the server; with TLS, clients verify its certificate.
    pub fn url(&self) -> String {
        let address = self.address;
        match &self.host {
            Some(host) => {
                format!("rediss://{host}:{}/0?sslrootcert={}", address.port(), self.authority().display())
            }
            None => format!("redis://{address}/0"),
        }
    }

    /// The file with the authority that signed its certificate, in PEM.
    pub fn authority(&self) -> PathBuf {
        self.folder.join(AUTHORITY)
    }

    /// Address at which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs a command as the superuser; returns the answer.
    ///
    /// # Panics
    /// The server does not answer.
    pub fn command(&self, words: &[&str]) -> String {
        let mut command = superuser(&self.folder);
        run(command.args(words)).trim_end().to_owned()
    }

    /// Makes the server present a certificate that clients should refuse, and returns the file with the authority that they may
    /// trust.
    pub fn show_certificate_with(&self, fault: Fault) -> PathBuf {
        let authority =
            certificate::make_with(&self.folder, self.host.as_deref().unwrap_or("localhost"), fault);
        let file = |name: &str| self.folder.join(name).display().to_string();
        self.command(&["CONFIG", "SET", "tls-cert-file", &file(CERTIFICATE), "tls-key-file", &file(KEY)]);
        authority
    }

    /// Ends the server at once, as a crash would.
    pub fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again at the same address, with what it has saved, and waits until it has read that.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart(&mut self) {
        self.restart_until("PONG");
    }

    /// The same, and returns while it still reads.
    ///
    /// # Panics
    /// It does not start, or has read all already.
    pub fn restart_loading(&mut self) {
        self.restart_until("LOADING");
    }

    fn restart_until(&mut self, answer: &str) {
        let launch = || launch(&self.folder, self.address, self.host.is_some(), &self.settings, answer);
        self.process = process::repeat(&self.folder, launch);
    }

    /// Stops it from doing anything, while its connections stay open, or lets it go on.
    pub fn freeze(&self, is_frozen: bool) {
        let signal = if is_frozen { "-STOP" } else { "-CONT" };
        run(Command::new("kill").args([signal, &self.process.id().to_string()]));
    }
}

fn superuser(folder: &Path) -> Command {
    let mut command = Command::new("redis-cli");
    command.arg("-s").arg(folder.join(SOCKET)).arg("--no-auth-warning").args(SUPERUSER);
    command
}

/// Starts it and waits until its answer begins so; `None` if it ended instead.
fn launch(
    folder: &Path,
    address: SocketAddr,
    tls: bool,
    settings: &[String],
    expected: &str,
) -> Option<Child> {
    let port = address.port();
    let file = |name: &str| folder.join(name).display().to_string();
    let mut lines = vec![
        format!("bind {}", address.ip()),
        // Protected mode accepts loopback only while the default user has no password, even if that user is off.
        "protected-mode no".to_owned(),
        format!("unixsocket {}", file(SOCKET)),
        "save \"\"".into(),
        "user super on nopass ~* &* +@all".into(),
    ];
    if tls {
        lines.extend([
            format!("port 0\ntls-port {port}\ntls-auth-clients no"),
            format!("tls-cert-file {}\ntls-key-file {}", file(CERTIFICATE), file(KEY)),
            format!("tls-ca-cert-file {}", file(AUTHORITY)),
        ]);
    } else {
        lines.push(format!("port {port}"));
    }
    lines.extend(settings.iter().cloned());
    fs::write(folder.join("conf"), lines.join("\n") + "\n").unwrap();
    let mut command = Command::new("redis-server");
    command.arg(folder.join("conf"));
    process::launch(folder, command, || {
        let answer = superuser(folder).arg("PING").output().unwrap();
        answer.stdout.starts_with(expected.as_bytes())
    })
}
