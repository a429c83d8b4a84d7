//! Processes that are left: by the child, and by the agent.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Signal, geteuid};
use test_support::wait;

use super::{AGENT, PATIENCE, Running, agent, children, listed, scene, wait_for_end};

/// Starts 1000 grandchildren that end as orphans, and then becomes one process that stays.
const STORM: &str = "i=0; while [ $i -lt 1000 ]; do (true &); i=$((i+1)); done; echo done; exec sleep 600";

#[test]
fn orphans_become_children_of_the_agent() {
    let scene = scene();
    let running = Running::start(agent(&scene, "", &["sh", "-c", "(sleep 600 & echo $!); exec sleep 600"]));
    let orphan = running.line().parse().unwrap();
    let agent = running.pid().as_raw_nonzero().get();
    wait::until_true(PATIENCE, "the agent to adopt the orphan", || {
        listed(orphan).is_some_and(|orphan| orphan.parent == agent)
    });
    rustix::process::kill_process(rustix::process::Pid::from_raw(orphan).unwrap(), Signal::KILL).unwrap();
    wait::until(PATIENCE, "the orphan to be reaped", || listed(orphan), Option::is_none);
}

#[test]
fn storm_of_grandchildren_leaves_no_zombie() {
    let scene = scene();
    let mut running = Running::start(agent(&scene, "", &["sh", "-c", STORM]));
    assert_eq!(running.line(), "done");
    let agent = running.pid().as_raw_nonzero().get();
    wait::until(
        PATIENCE,
        "only the child",
        || children(agent),
        |all| matches!(&all[..], [one] if one.state != "Z"),
    );
    running.signal(Signal::TERM);
    assert_eq!(running.code(), 143);
}

#[test]
fn first_process_reaps_and_forwards() {
    if !geteuid().is_root() {
        // Only root may make a PID namespace here.
        writeln!(std::io::stderr(), "skipped: first_process_reaps_and_forwards needs root").unwrap();
        return;
    }
    let scene = scene();
    let script = r#"trap 'set -- /proc/[0-9]*; echo $#; exit 9' TERM
        i=0; while [ $i -lt 200 ]; do (true &); i=$((i+1)); done; echo $PPID; while :; do sleep 0.02; done"#;
    let mut command = Command::new("unshare");
    command.current_dir(scene.path()).args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
    command.arg(env!("CARGO_BIN_EXE_confpath")).args(AGENT).args(["--", "sh", "-c", script]);
    let mut running = Running::start(command);
    assert_eq!(running.line(), "1");
    let unshare = running.pid().as_raw_nonzero().get();
    let agent = children(unshare)[0].pid;
    let all = || children(agent);
    wait::until(PATIENCE, "only the shell", all, |all| matches!(&all[..], [one] if one.state != "Z"));
    rustix::process::kill_process(rustix::process::Pid::from_raw(agent).unwrap(), Signal::TERM).unwrap();
    // The agent, the shell, and at most its sleep.
    let count: usize = running.line().parse().unwrap();
    assert!(count <= 3, "{count}");
    assert_eq!(running.code(), 9);
}

#[test]
fn killed_agent_leaves_no_child() {
    let scene = scene();
    for flags in ["", "--signal-group", "--mask-output"] {
        let mut running = Running::start(agent(&scene, flags, &["sh", "-c", "echo $$; exec sleep 600"]));
        let child = running.line().parse().unwrap();
        running.signal(Signal::KILL);
        running.ended();
        wait_for_end(child);
    }
}

#[test]
fn agent_killed_at_any_moment_leaves_nothing() {
    let scene = scene();
    for moment in 0..30 {
        // Found by its argument.
        let mark = format!("6{:05}{moment:02}", std::process::id() % 100_000);
        let mut command = agent(&scene, "", &["sleep", &mark]);
        let mut running = Running::start_silent(command.stdin(Stdio::null()));
        sleep(Duration::from_millis(moment));
        running.signal(Signal::KILL);
        running.ended();
        wait::until(PATIENCE, "no process of the child", || with_argument(&mark), Vec::is_empty);
    }
}

/// The processes whose last argument is `mark`.
fn with_argument(mark: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let commands = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok());
    commands.filter(|command| command.trim_end_matches('\0').ends_with(mark)).collect()
}
