//! A sample with a database under `confpath run`, with a mounted volume, as its chart starts it.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Once, Weak};
use std::time::Duration;

use e2e::confpath;
use e2e::harness::python_image::{PythonRoot, SAMPLE as PYTHON};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::http::raw;
use test_support::http::strict::{Expected, Kind, Load, Server};
use test_support::kubelet_volume::KubeletVolume;
use test_support::postgres::Database;
use test_support::wait;

use crate::succeed;

/// The folder of the sample in Go.
pub(crate) const GO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/go");

/// For a machine under load.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// More clients than sessions, so that some always wait for one.
const LOAD: Kind = Kind {
    name: "rows",
    path: "/rows",
    expected: Expected::AnyBody,
    pause: Duration::from_millis(5),
    clients: 6,
};

/// Sessions of the service.
const SESSIONS: &str = "4";

/// A sample that has a database.
#[derive(Clone, Copy)]
pub(super) enum Language {
    Go,
    Python,
}

/// The agent around the service, with a mounted volume. Both end with the value.
pub(super) struct Running {
    folder: TempDir,
    volume: KubeletVolume,
    settings: Vec<(&'static str, String)>,
    pub(super) service: SocketAddr,
    admin: SocketAddr,
    agent: Child,
    _root: Option<Arc<PythonRoot>>,
}

impl Running {
    /// Starts both, and waits until the agent has an acknowledgement and the service all its sessions.
    pub(super) fn start(language: Language, database: &Database<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let volume = KubeletVolume::new(folder.path().join("mount"));
        let [service, calls, admin] = free_addresses();
        let mut command = Command::new(confpath::binary().unwrap());
        command.args(["run", "--admin-listen", &admin.to_string()]);
        command.arg("--config-dir").arg(folder.path().join("mount"));
        command.arg("--out").arg(folder.path().join("out"));
        command.env("CONFIG_DIR", folder.path().join("out/current"));
        let (settings, root) = match language {
            Language::Go => (go(&mut command, service, calls), None),
            Language::Python => {
                let root = python_root();
                (python(&mut command, service, &root), Some(root))
            }
        };
        write(&volume, &settings, &database.url(), &database.password);
        let log = File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let agent = command.spawn().unwrap();
        let running = Self { folder, volume, settings, service, admin, agent, _root: root };
        running.until_digests("the first acknowledgement", |digests| digests["state"] == "converged");
        let open = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'", database.user);
        wait::until(PATIENCE, "all sessions", || database.sql(&open), |count| count == SESSIONS);
        running
    }

    /// Swaps a volume in, as the kubelet does for a changed Secret, and returns the number of the generation until then.
    pub(super) fn set(&self, url: &str, password: &str) -> u64 {
        let former = get(self.admin, "/digests")["generation"].as_u64().unwrap();
        write(&self.volume, &self.settings, url, password);
        former
    }

    pub(super) fn password(&self) -> String {
        fs::read_to_string(self.folder.path().join("out/current/secrets/DB_PASSWORD")).unwrap_or_default()
    }

    /// The role that queries use.
    pub(super) fn role(&self) -> Value {
        get(self.service, "/rows")["role"].clone()
    }

    pub(super) fn until_digests(&self, what: &str, holds: impl FnMut(&Value) -> bool) -> Value {
        wait::until(PATIENCE, what, || get(self.admin, "/digests"), holds)
    }

    /// Waits until the service has acknowledged a generation after `former`.
    pub(super) fn until_acknowledged(&self, former: u64) {
        self.until_digests("the acknowledgement", |digests| {
            digests["generation"].as_u64() > Some(former) && digests["state"] == "converged"
        });
    }

    pub(super) fn load(&self) -> Load {
        Load::start(&Server::Tcp(self.service), &[LOAD])
    }
}

impl Drop for Running {
    #[expect(clippy::print_stdout, reason = "with the output of the failed test")]
    fn drop(&mut self) {
        // The kernel ends the service with it.
        let _ = self.agent.kill();
        let _ = self.agent.wait();
        if std::thread::panicking() {
            println!("{}", fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
        }
    }
}

/// Adds what the agent needs for the sample in Go; returns the settings that stay.
fn go(command: &mut Command, service: SocketAddr, calls: SocketAddr) -> Vec<(&'static str, String)> {
    let url = |path: &str| format!("http://{calls}/internal/{path}");
    command.arg("--contract").arg(Path::new(GO).join("contract.json"));
    command.args(["--prepare", &url("prepare"), "--notify", &url("reload"), "--ack", "response"]);
    command.arg("--").arg(go_program());
    vec![
        ("config/LISTEN", service.to_string()),
        ("config/AGENT_LISTEN", calls.to_string()),
        ("config/MAX_CONNECTIONS", SESSIONS.to_owned()),
    ]
}

/// Adds what the agent needs for the sample in Python; returns the settings that stay.
fn python(command: &mut Command, service: SocketAddr, root: &PythonRoot) -> Vec<(&'static str, String)> {
    let program = root.program();
    let prepare = json!([program, "-m", "pyapp.prepare"]).to_string();
    command.current_dir(PYTHON).envs(root.variables());
    command.args(["--contract", "contract.json", "--prepare", &prepare]);
    command.args(["--notify", "signal:HUP", "--ack", "file", "--"]).arg(program);
    command.args(["-m", "gunicorn", "--bind", &service.to_string()]);
    vec![
        ("config/MAX_CONNECTIONS", SESSIONS.to_owned()),
        ("secrets/SECRET_KEY", "canary-secret-key".to_owned()),
    ]
}

/// The program in Go, built once.
fn go_program() -> &'static Path {
    static BUILT: Once = Once::new();
    let program = Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/goapp"));
    BUILT.call_once(|| {
        succeed(Command::new("go").args(["build", "-o"]).arg(program).arg(".").current_dir(GO));
    });
    program
}

/// The root of the image in Python, one for all tests that run at a time.
fn python_root() -> Arc<PythonRoot> {
    static SHARED: Mutex<Weak<PythonRoot>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        let root = Arc::new(PythonRoot::of_sample());
        *shared = Arc::downgrade(&root);
        root
    })
}

fn write(volume: &KubeletVolume, settings: &[(&'static str, String)], url: &str, password: &str) {
    let credential = [("config/DATABASE_URL", url.to_owned()), ("secrets/DB_PASSWORD", password.to_owned())];
    volume.write(&[settings, &credential[..]].concat()).unwrap();
}

/// The answer, or nothing while there is none.
pub(crate) fn get(address: SocketAddr, path: &str) -> Value {
    let answer = raw::blocking::try_get(address, path, &[]);
    answer.map_or(Value::Null, |answer| serde_json::from_str(&answer.body).unwrap_or_default())
}

/// Addresses that nobody listens on at the moment.
pub(crate) fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let listeners = [(); N].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    listeners.each_ref().map(|listener| listener.local_addr().unwrap())
}
