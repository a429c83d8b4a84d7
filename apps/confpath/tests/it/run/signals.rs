//! Signals on their way to the child.

use std::process::Command;

use rustix::process::Signal;
use test_support::wait;

use super::{AGENT, PATIENCE, RECORDER, Running, agent, children, scene, wait_for_state};

#[test]
fn each_signal_reaches_the_child_once() {
    let scene = scene();
    let signals = [
        ("HUP", Signal::HUP),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
        ("QUIT", Signal::QUIT),
        ("WINCH", Signal::WINCH),
        ("CONT", Signal::CONT),
        ("ALRM", Signal::ALARM),
        ("PWR", Signal::POWER),
        ("URG", Signal::URG),
        ("INT", Signal::INT),
    ];
    let names: Vec<_> = signals.iter().map(|(name, _)| *name).collect();
    for flags in ["", "--signal-group"] {
        let running = Running::recorder(&scene, flags, &names);
        for (name, signal) in signals {
            running.signal(signal);
            assert_eq!(running.line(), format!("SIG{name}"), "{flags}");
        }
    }
}

#[test]
fn terminating_signal_reaches_the_child() {
    let scene = scene();
    let mut running = Running::recorder(&scene, "", &["+TERM"]);
    running.signal(Signal::TERM);
    assert_eq!((running.line().as_str(), running.code()), ("SIGTERM", 7));
}

#[test]
fn real_time_signal_reaches_the_child() {
    let scene = scene();
    let running = Running::recorder(&scene, "", &["RTMIN"]);
    let pid = running.agent.id().to_string();
    assert!(Command::new("kill").args(["-34", &pid]).status().unwrap().success());
    assert_eq!(running.line(), "SIGRTMIN");
}

#[test]
fn signals_reach_one_process_or_its_group() {
    // The recorder is started by a shell that does not take its place.
    let script = r#"python3 -c "$0" USR1 & trap 'echo shell' USR1; while :; do wait; done"#;
    for (flags, expected) in [("", &["shell"][..]), ("--signal-group", &["SIGUSR1", "shell"])] {
        let scene = scene();
        let running = Running::start(agent(&scene, flags, &["sh", "-c", script, RECORDER]));
        assert_eq!(running.line(), "ready");
        running.signal(Signal::USR1);
        let mut lines: Vec<_> = expected.iter().map(|_| running.line()).collect();
        lines.sort();
        assert_eq!(lines, expected, "{flags}");
        let child = children(running.pid().as_raw_nonzero().get())[0].pid;
        // Ends both.
        let group = rustix::process::Pid::from_raw(child).unwrap();
        rustix::process::kill_process_group(group, Signal::KILL).unwrap();
    }
}

#[test]
fn ignored_signal_stays_ignored() {
    let scene = scene();
    let script =
        "import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, flush=True); signal.pause()";
    let mut command = Command::new("sh");
    command.current_dir(scene.path()).args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    command.arg(env!("CARGO_BIN_EXE_confpath")).args(AGENT).args(["--", "python3", "-c", script]);
    let mut running = Running::start(command);
    assert_eq!(running.line(), "True");
    running.signal(Signal::HUP);
    running.signal(Signal::TERM);
    assert_eq!(running.code(), 143);
}

#[test]
fn child_begins_with_no_signal_blocked() {
    let scene = scene();
    let script = "import signal; print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))";
    let running = Running::start(agent(&scene, "", &["python3", "-c", script]));
    assert_eq!(running.line(), "[]");
}

#[test]
fn stopped_child_goes_on_by_the_agent() {
    let scene = scene();
    let running = Running::recorder(&scene, "", &["USR1"]);
    let child = children(running.pid().as_raw_nonzero().get())[0].pid;
    rustix::process::kill_process(rustix::process::Pid::from_raw(child).unwrap(), Signal::STOP).unwrap();
    wait_for_state(child, "T");
    running.signal(Signal::USR1);
    running.signal(Signal::CONT);
    assert_eq!(running.line(), "SIGUSR1");
    wait::until_true(PATIENCE, "the child to sleep again", || {
        super::listed(child).is_some_and(|child| child.state == "S")
    });
}
