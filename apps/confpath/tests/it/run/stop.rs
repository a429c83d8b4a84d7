//! The graceful stop.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Running, agent, children, scene, wait_for_end, wait_for_state};

#[test]
fn graceful_child_keeps_its_exit_code() {
    let scene = scene();
    for (name, signal) in [("+TERM", Signal::TERM), ("+INT", Signal::INT)] {
        let mut running = Running::recorder(&scene, "", &[name]);
        running.signal(signal);
        assert_eq!(running.code(), 7);
    }
}

#[test]
fn deaf_child_is_killed_at_the_timeout() {
    let scene = scene();
    for name in ["TERM", "INT"] {
        let mut running = Running::recorder(&scene, "--stop-timeout 300ms", &["TERM", "INT"]);
        let begun = Instant::now();
        running.signal(if name == "TERM" { Signal::TERM } else { Signal::INT });
        assert_eq!(running.line(), format!("SIG{name}"));
        assert_eq!(running.code(), 137);
        assert!(begun.elapsed() >= Duration::from_millis(300));
    }
}

#[test]
fn second_signal_kills_at_once() {
    let scene = scene();
    let mut running = Running::recorder(&scene, "--stop-timeout 1h", &["TERM"]);
    running.signal(Signal::TERM);
    assert_eq!(running.line(), "SIGTERM");
    // A second one at once is taken for the same: it comes again until it counts.
    let deadline = Instant::now() + super::PATIENCE;
    while running.agent.try_wait().unwrap().is_none() && Instant::now() < deadline {
        running.signal(Signal::INT);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(running.code(), 137);
    assert_eq!(running.rest(), Vec::<String>::new());
}

#[test]
fn signal_and_its_double_count_once() {
    let scene = scene();
    let mut running = Running::recorder(&scene, "--stop-timeout 1h", &["INT", "TERM", "+USR1"]);
    // Both wait for the agent, and so come at once.
    running.signal(Signal::STOP);
    wait_for_state(running.pid().as_raw_nonzero().get(), "T");
    running.signal(Signal::INT);
    running.signal(Signal::TERM);
    running.signal(Signal::CONT);
    assert_eq!(running.line(), "SIGINT");
    running.signal(Signal::USR1);
    assert_eq!((running.line().as_str(), running.code()), ("SIGUSR1", 7));
}

#[test]
fn timeout_kills_the_group_where_asked() {
    let script = "trap '' TERM; sh -c 'trap \"\" TERM; sleep 600' & echo $!; wait; wait";
    let scene = scene();
    let flags = "--signal-group --stop-timeout 100ms";
    let mut running = Running::start(agent(&scene, flags, &["sh", "-c", script]));
    let grandchild = running.line().parse().unwrap();
    running.signal(Signal::TERM);
    assert_eq!(running.code(), 137);
    wait_for_end(grandchild);
}

#[test]
fn stopped_child_is_killed_at_the_timeout() {
    let scene = scene();
    let mut running = Running::recorder(&scene, "--stop-timeout 100ms", &["TERM"]);
    let child = children(running.pid().as_raw_nonzero().get())[0].pid;
    kill_process(Pid::from_raw(child).unwrap(), Signal::STOP).unwrap();
    wait_for_state(child, "T");
    running.signal(Signal::TERM);
    assert_eq!(running.code(), 137);
}
