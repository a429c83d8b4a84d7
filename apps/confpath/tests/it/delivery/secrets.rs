//! Secrets are in OUT and nowhere else.

use std::fs;
use std::path::Path;

use test_support::wait;

use super::{PATIENCE, SLEEP, Service};
use crate::MARKED;

/// Processes whose parent is `parent`.
fn children(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn holds_secret(path: &Path) -> bool {
    let bytes = fs::read(path).unwrap_or_default();
    bytes.windows(MARKED.len()).any(|window| window == MARKED.as_bytes())
}

#[test]
fn secrets_are_in_out_and_nowhere_else() {
    let service = Service::new("")
        .flag("--prepare", r#"["sh", "-c", "cat $CONFPATH_CANDIDATE/secrets/* >&2; exit 1"]"#);
    let agent = service.start(SLEEP);
    service.set(&[("MODE", "b")]);
    agent.until_state("rejected");
    let pid = agent.process.id();
    let child = wait::until(PATIENCE, "the child", || children(pid), |children| !children.is_empty());
    for process in child.into_iter().chain([pid]) {
        for file in ["environ", "cmdline"] {
            let path = format!("/proc/{process}/{file}");
            assert!(!holds_secret(Path::new(&path)), "{path}");
        }
    }
    for path in ["/digests", "/metrics", "/readyz"] {
        assert!(!agent.get(path).1.contains(MARKED), "{path}");
    }
    assert!(!agent.log().contains(MARKED), "{}", agent.log());
    assert!(holds_secret(&service.path("out/current/secrets/TOKEN")));
    assert!(holds_secret(&service.path("out/current/config.json")));
    for name in ["config/MODE", "config/PORT", "digest"] {
        assert!(!holds_secret(&service.path("out/current").join(name)), "{name}");
    }
}
