//! Secrets in the memory of the process, read from outside of it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::process::Command;
use std::time::{Duration, Instant};
use test_support::http::raw::blocking::{Connection, get, request};
use test_support::wait::until;

use crate::DEADLINE;
use crate::databases::{Kind, on_both_databases};
use crate::mount::Mount;
use crate::process::{PORTS, Serving};

on_both_databases! {
    replaced_secrets_leave_the_memory
}

const OLD: [&str; 2] = ["canary-key-5f2c9a7e1b3d8046-old", "canary-password-e81d07c4b96a2f35-old"];
const NEW: [&str; 2] = ["canary-key-90b7d3e64c1fa285-new", "canary-password-42a6f8039e5cd71b-new"];
/// Time after the change has settled, as stated in the operations manual.
const STATED: Duration = Duration::from_secs(10);

/// Returns the end of a secret: the allocator of a program may have overwritten the beginning of freed memory.
fn end(secret: &str) -> &[u8] {
    let (_, end) = secret.split_at(secret.len() - 16);
    end.as_bytes()
}

/// Returns the number of copies of `needle` in the writable memory of the process; `None` if this user may not read it.
fn copies(pid: u32, needle: &[u8]) -> Option<usize> {
    let memory = match File::open(format!("/proc/{pid}/mem")) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
        other => other.unwrap(),
    };
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let regions =
        maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw")));
    let count = |line: &str| {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; (to - from) as usize];
        // A region may be unmapped by now, and one without pages cannot be read.
        let read = memory.read_at(&mut bytes, from).unwrap_or_default();
        bytes[..read].windows(needle.len()).filter(|window| *window == needle).count()
    };
    Some(regions.map(count).sum())
}

fn replaced_secrets_leave_the_memory(kind: &Kind) {
    let files = |[key, password]: [&'static str; 2]| {
        [("secrets/SECRET_KEY", key), ("secrets/DB_PASSWORD", password), ("config/LOG_LEVEL", "info")]
    };
    kind.learn(OLD[1]);
    let mount = Mount::of(kind, &files(OLD));
    let mut serving = Serving::mounted(kind, &mount, &[]);
    let [public, admin, operator] = serving.addresses();
    let pid = serving.child.id();
    if copies(pid, end(OLD[0])).is_none() {
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        assert!(!is_root, "root must be able to read the memory of a process");
        return;
    }
    // A connection that stays open, and whose last request was another one.
    let mut waiting = Connection::open(public).unwrap();
    assert_eq!(["/config", "/healthz"].map(|path| waiting.get(path).unwrap().status), [200, 200]);
    assert_eq!(get(public, "/config").status, 200);
    let count = || OLD.map(|secret| copies(pid, end(secret)).unwrap());
    let before = count();
    assert!(before.iter().all(|copies| *copies > 0), "the search finds what is there: {before:?}");
    let config = || get(operator, "/config");
    for _ in 0..20 {
        until(DEADLINE, "revealed", config, |seen| seen.body.contains(OLD[0]));
    }
    assert_eq!(request(operator, "GET", "/api/v1/history?limit=1", &[]).status, 200);
    until(DEADLINE, "forgotten", count, |seen| *seen <= before);

    kind.learn(NEW[1]);
    mount.swap(&files(NEW));
    until(
        DEADLINE,
        "settled",
        || get(admin, "/digests").json(),
        |seen| (seen["generation"].as_u64(), seen["state"].as_str()) == (Some(2), Some("converged")),
    );
    let settled = Instant::now();
    until(DEADLINE, "recorded", config, |seen| seen.body.contains(NEW[0]));
    let left = || OLD.map(|secret| copies(pid, end(secret)));
    let in_time = STATED.saturating_sub(settled.elapsed());
    until(in_time, "no copy of the old key and password", left, |left| *left == [Some(0); 2]);
    assert!(NEW.iter().all(|secret| copies(pid, end(secret)) > Some(0)), "the search finds what is there");
    assert_eq!(waiting.get("/healthz").unwrap().status, 200);
}

#[test]
fn process_leaves_no_core_dump_or_readable_memory() {
    let data = tempfile::tempdir().unwrap();
    let (root, path) = (fs::metadata("/proc/self").unwrap().uid() == 0, data.path().join("state"));
    fs::set_permissions(data.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    fs::create_dir(&path).unwrap();
    // Root owns all files of its processes, so the test would prove nothing: the process runs as another user.
    let mut command = if root {
        std::os::unix::fs::chown(&path, Some(65534), Some(65534)).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", env!("CARGO_BIN_EXE_myapp")]);
        command
    } else {
        Command::new(env!("CARGO_BIN_EXE_myapp"))
    };
    command.args(PORTS).env_clear().env("PATH", std::env::var("PATH").unwrap()).env("MYAPP_DATA_DIR", &path);
    let mut serving = Serving::spawn(command);
    let [_, admin, operator] = serving.addresses();
    let proc = format!("/proc/{}", serving.child.id());
    let limits = fs::read_to_string(format!("{proc}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    // The kernel gives these files to root, whichever user runs the process.
    assert_eq!(fs::metadata(format!("{proc}/environ")).unwrap().uid(), 0);
    // The process can still read its own files.
    let metrics = get(admin, "/metrics").body;
    let descriptors = metrics.lines().find_map(|line| line.strip_prefix("process_open_fds "));
    assert!(descriptors.is_some_and(|count| count.parse::<u32>().unwrap() > 3), "{metrics}");
    assert_eq!(get(operator, "/config").status, 200);
}
