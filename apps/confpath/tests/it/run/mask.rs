//! Masked output.

use std::fs;
use std::io::{BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use test_support::kubelet_volume::KubeletVolume;
use test_support::wait;

use super::{PATIENCE, Running, agent, listed, scene, without_log};
use crate::{MARKED, Scene};

#[test]
fn both_streams_are_masked_in_all_forms() {
    let scene = scene();
    scene.write("mount/secrets/TOKEN", "a+b \"c\"/d\u{e9}");
    let script = r#"
import base64, json, sys, urllib.parse
secret = open("mount/secrets/TOKEN").read()
for stream in sys.stdout, sys.stderr:
    print("plain", secret, "end", file=stream)
    print("json", json.dumps({"token": secret}, ensure_ascii=False), file=stream)
    print("quote", urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), file=stream)
    print("plus", urllib.parse.quote_plus(secret), urllib.parse.quote_plus(secret).lower(), file=stream)
    for before in "", "x", "xy":
        for encode in base64.b64encode, base64.urlsafe_b64encode:
            print(before, encode((before + secret + "z").encode()).decode(), file=stream)
"#;
    let output = agent(&scene, "--mask-output", &["python3", "-c", script]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    for stream in [output.stdout, output.stderr] {
        let text = without_log(&stream);
        let lines: Vec<_> = text.lines().collect();
        let expected = [
            "plain ******** end",
            r#"json {"token": "********"}"#,
            "quote ******** ********",
            "plus ******** ********",
        ];
        assert_eq!(&lines[..4], expected, "{text}");
        assert_eq!(lines.len(), 10, "{text}");
        for line in &lines[4..] {
            let (before, masked) = line.split_once(' ').unwrap();
            let rest = masked.replace("********", "");
            // Up to two digits on each side belong to the neighbours too.
            assert!(masked.contains("********") && rest.len() <= before.len() * 2 + 4, "{line}");
        }
    }
}

#[test]
fn output_is_inherited_without_the_flag() {
    let scene = scene();
    let output = agent(&scene, "", &["cat", "mount/secrets/TOKEN"]).output().unwrap();
    assert_eq!(output.stdout, MARKED.as_bytes());
    let terminal = agent(&scene, "", &["readlink", "/proc/self/fd/1"]).output().unwrap();
    assert!(String::from_utf8(terminal.stdout).unwrap().starts_with("pipe:"));
}

#[test]
fn prompt_appears_within_200_ms() {
    let scene = scene();
    // The prompt ends like the secret begins, so that it is held back.
    let prompt = format!("type {}", &MARKED[..10]);
    let script = r#"printf %s "$0"; read answer; echo "got $answer""#;
    let mut command = agent(&scene, "--mask-output", &["sh", "-c", script, &prompt]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = [0];
    output.read_exact(&mut first).unwrap();
    let begun = Instant::now();
    let mut rest = vec![0; prompt.len() - 1];
    output.read_exact(&mut rest).unwrap();
    assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
    assert_eq!(rest, prompt.as_bytes()[1..]);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn secret_in_two_writes_is_masked() {
    let scene = scene();
    let script = r#"printf "a %s" "$0"; printf "%s b\n" "$1""#;
    let (first, second) = MARKED.split_at(7);
    let output = agent(&scene, "--mask-output", &["sh", "-c", script, first, second]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "a ******** b\n");
}

#[test]
fn stalled_reader_stops_the_child() {
    let scene = scene();
    // Each piece names its number, so that a lost one would show.
    let script = r#"
import os, sys
for number in range(4096):
    os.write(1, b"%08d%s\n" % (number, b"." * 1015))
    os.write(2, b"%d\n" % number)
"#;
    let mut command = agent(&scene, "--mask-output", &["python3", "-c", script]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let (sender, progress) = channel();
    thread::spawn(move || {
        let mut line = String::new();
        while std::io::BufRead::read_line(&mut errors, &mut line).is_ok_and(|length| length > 0) {
            // Not a line of the log.
            let _ = line.trim().parse::<usize>().map(|number| sender.send(number));
            line.clear();
        }
    });
    let mut last = 0;
    while let Ok(number) = progress.recv_timeout(Duration::from_secs(2)) {
        last = number;
    }
    // Two pipes and two buffers of 64 KiB.
    assert!(last > 0 && last <= 300, "{last} KiB were taken without a reader");
    assert!(child.try_wait().unwrap().is_none());
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert!(child.wait().unwrap().success());
    let numbers: Vec<_> = output.lines().map(|line| line[..8].parse::<usize>().unwrap()).collect();
    assert_eq!(numbers, (0..4096).collect::<Vec<_>>());
}

#[test]
fn reader_that_is_gone_ends_the_child() {
    let scene = scene();
    let mut command = agent(&scene, "--mask-output", &["sh", "-c", "exec yes"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    // 128 and SIGPIPE.
    assert_eq!(child.wait().unwrap().code(), Some(141));
}

#[test]
fn stalled_reader_does_not_hold_a_stop() {
    let scene = scene();
    let mut command = agent(&scene, "--mask-output", &["sh", "-c", "exec yes"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let yes = || super::children(pid.as_raw_nonzero().get()).into_iter().find(|child| child.state == "S");
    // It waits for its pipe once nothing more goes through.
    wait::until(PATIENCE, "the child to wait for the reader", yes, Option::is_some);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let gone = || super::children(pid.as_raw_nonzero().get()).is_empty();
    wait::until_true(PATIENCE, "the end of the child", gone);
    wait::until_true(PATIENCE, "the end of the agent", || {
        let _ = rustix::process::kill_process(pid, Signal::TERM);
        child.try_wait().unwrap().is_some()
    });
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn short_secret_is_reported() {
    let scene = scene();
    scene.write("mount/secrets/TOKEN", "abc");
    let output = agent(&scene, "--mask-output", &["echo", "abc"]).output().unwrap();
    assert_eq!(output.stdout, b"abc\n");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("secret too short to be masked") && stderr.contains("\"TOKEN\""), "{stderr}");
}

#[test]
fn memory_is_bounded_by_the_longest_secret() {
    let scene = scene();
    let script = r#"
import os
line = b"." * 1000000 + b"\n"
for number in range(100):
    os.write(1, line)
open("done", "w")
"#;
    let mut command =
        agent(&scene, "--mask-output", &["sh", "-c", "python3 -c \"$0\"; exec sleep 600", script]);
    let mut running = Running::start_silent(&mut command);
    wait::until_true(PATIENCE, "100 lines of a megabyte", || scene.path().join("done").exists());
    let pid = running.pid().as_raw_nonzero().get();
    assert!(listed(pid).is_some());
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let most: u64 = most.trim().trim_end_matches(" kB").parse().unwrap();
    // A debug build: the bound is on what the lines add.
    assert!(most < 30_000, "{most} kB");
    running.signal(Signal::TERM);
    assert_eq!(running.code(), 143);
}

#[test]
fn former_secret_stays_masked_after_a_change() {
    let scene = Scene::with_contract(&json!({
        "type": "object",
        "properties": { "TOKEN": { "type": "string", "x-secret": true, "x-on-change": "hot" } },
    }));
    let mount = KubeletVolume::new(scene.path().join("mount"));
    mount.write(&[("secrets/TOKEN", "first-secret-of-two")]).unwrap();
    let mut command = agent(&scene, "--mask-output", &["cat"]);
    let mut running = Running::start_with(command.stdin(Stdio::piped()));
    let delivered = || fs::read_to_string(scene.path().join("out/current/secrets/TOKEN")).unwrap_or_default();
    wait::until(PATIENCE, "the first secret", delivered, |text| text == "first-secret-of-two");
    mount.write(&[("secrets/TOKEN", "second-secret-of-two")]).unwrap();
    wait::until(PATIENCE, "the second secret", delivered, |text| text == "second-secret-of-two");
    let mut input = running.agent.stdin.take().unwrap();
    input.write_all(b"a first-secret-of-two b second-secret-of-two c\n").unwrap();
    assert_eq!(running.line(), "a ******** b ******** c");
}
