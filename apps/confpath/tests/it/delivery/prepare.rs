//! A hook that may refuse a change before it comes into force.

use std::fs;

use super::{SLEEP, Service};
use crate::MARKED;
use crate::write_program;

/// Refuses as the file `verdict` says: an exit code and a reason.
const HOOK: &str = r#"#!/usr/bin/env python3
import os, sys
open("asked", "a").write(os.environ["CONFPATH_CHANGED"] + "\n")
candidate = os.environ["CONFPATH_CANDIDATE"]
assert open(candidate + "/digest").read() == os.environ["CONFPATH_DIGEST"]
print("CMD's output is its own")
try:
    code, reason = open("verdict").read().split(" ", 1)
except FileNotFoundError:
    code, reason = "0", ""
token = open(candidate + "/secrets/TOKEN").read()
sys.stderr.write(reason.replace("TOKEN", token))
sys.exit(int(code))
"#;

fn service(flags: &str) -> Service {
    let service = Service::new(flags);
    let hook = service.path("hook");
    write_program(&hook, HOOK);
    let words = serde_json::to_string(&[hook.to_str().unwrap(), "--unused"]).unwrap();
    service.flag("--prepare", words)
}

#[test]
fn refusal_keeps_the_former_generation_with_reason() {
    let service = service("");
    let agent = service.start(SLEEP);
    fs::write(service.path("verdict"), "1 the database\n refuses\u{7} TOKEN").unwrap();
    service.set(&[("MODE", "b")]);
    let digests = agent.until_state("rejected");
    let reason = digests["reasons"][0].as_str().unwrap();
    assert_eq!(reason, "service: prepare ended with exit code 1: the database refuses ********");
    assert_eq!(digests["retrying"], false);
    assert_eq!(service.current("config/MODE").unwrap(), "a");
    assert_eq!(fs::read_to_string(service.path("asked")).unwrap(), "MODE\n", "not at the start");
    let log = agent.log();
    assert!(!log.contains(MARKED) && !log.contains("CMD's output"), "{log}");

    fs::remove_file(service.path("verdict")).unwrap();
    service.set(&[("MODE", "c")]);
    service.until_current("config/MODE", "c");
}

#[test]
fn transient_refusal_is_retried_until_it_passes() {
    let service = service("");
    let agent = service.start(SLEEP);
    fs::write(service.path("verdict"), "75 not yet").unwrap();
    service.set(&[("MODE", "b")]);
    let digests = agent.until_state("rejected");
    assert_eq!(digests["retrying"], true);
    assert_eq!(digests["reasons"][0], "service: prepare ended with exit code 75: not yet");
    fs::remove_file(service.path("verdict")).unwrap();
    service.until_current("config/MODE", "b");
    agent.until_state("delivered");
}

#[test]
fn hook_that_hangs_is_ended_at_its_deadline() {
    let service = Service::new("--prepare-timeout 300ms").flag("--prepare", r#"["sleep", "1234.5"]"#);
    let agent = service.start(SLEEP);
    service.set(&[("MODE", "b")]);
    let digests = agent.until_state("rejected");
    assert_eq!(digests["reasons"][0], "service: prepare gave no answer within 300ms");
    assert_eq!(digests["retrying"], true);
    let is_left = || {
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let of_hook = processes.filter(|process| {
            let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
            command.starts_with(b"sleep\x001234.5")
        });
        of_hook.count()
    };
    // The next try may be under way.
    service.set(&[]);
    agent.until_state("delivered");
    test_support::wait::until(super::PATIENCE, "the end of the hook", is_left, |left| *left == 0);
}

#[test]
fn missing_program_is_a_refusal() {
    let service = Service::new("").flag("--prepare", "/nowhere/hook");
    let agent = service.start(SLEEP);
    service.set(&[("MODE", "b")]);
    let digests = agent.until_state("rejected");
    let reason = digests["reasons"][0].as_str().unwrap();
    assert!(reason.contains("/nowhere/hook") && reason.contains("does not exist"), "{reason}");
}
