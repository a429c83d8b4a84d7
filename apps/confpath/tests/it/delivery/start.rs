//! The first generation, and what keeps an agent from starting.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;
use test_support::wait;

use super::{PATIENCE, SLEEP, Service};
use crate::MARKED;

#[test]
fn first_generation_is_whole_before_cmd_starts() {
    let service = Service::new("");
    let script = "cat $CONFPATH_DIR/current/config/MODE $CONFPATH_DIR/current/secrets/TOKEN > seen; exit 3";
    let mut agent = service.spawn(&["sh", "-c", script]);
    assert_eq!(agent.ended(), 3);
    assert_eq!(fs::read_to_string(service.path("seen")).unwrap(), format!("a{MARKED}"));
}

#[test]
fn refused_configuration_ends_with_every_problem() {
    let service = Service::new("");
    service.set(&[("MODE", "A"), ("PORT", "0")]);
    let output = service.command(&["touch", "started"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{errors}");
    assert!(errors.contains("MODE") && errors.contains("PORT"), "{errors}");
    assert!(!service.path("started").exists());
}

#[test]
fn contradicting_flags_are_refused_together() {
    let service = Service::new("--environment --on-restart child --notify signal:HUP --ack response");
    let output = service.command(&[]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{errors}");
    assert_eq!(errors.lines().count(), 4, "{errors}");
}

#[test]
fn without_acknowledgement_the_state_is_delivered() {
    let service = Service::new("");
    let agent = service.start(SLEEP);
    let digests = agent.until_state("delivered");
    assert_eq!((&digests["apply"], &digests["running"]), (&"delivered".into(), &serde_json::Value::Null));
    assert_eq!(digests["delivered"], digests["mounted"]);
    wait::until_true(PATIENCE, "readiness", || agent.is_ready());
    let (_, metrics) = agent.get("/metrics");
    assert!(metrics.contains("config_state{state=\"delivered\"} 1"), "{metrics}");
    assert_eq!((agent.get("/livez").0, agent.get("/startupz").0), (200, 200));
}

#[test]
fn files_are_readable_and_nobody_writes_them() {
    let service = Service::new("");
    let _agent = service.start(SLEEP);
    let current = service.path("out/current");
    for (name, mode) in
        [("", 0o550), ("config", 0o550), ("secrets", 0o550), ("config/MODE", 0o440), ("secrets/TOKEN", 0o440)]
    {
        let found = fs::metadata(current.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }
}

#[test]
fn sidecar_serves_without_cmd_until_stopped() {
    let service = Service::new("");
    let mut agent = service.start(&[]);
    service.set(&[("MODE", "b")]);
    service.until_current("config/MODE", "b");
    agent.signal(Signal::TERM);
    assert_eq!(agent.ended(), 0);
}

#[test]
fn environment_has_settings_where_asked_for() {
    let service = Service::new("--environment");
    let mut agent = service.spawn(&["sh", "-c", "echo $MODE $PORT $TOKEN > seen"]);
    assert_eq!(agent.ended(), 0);
    assert_eq!(fs::read_to_string(service.path("seen")).unwrap(), format!("a 80 {MARKED}\n"));
}

#[test]
fn stopping_agent_is_not_ready_while_cmd_ends() {
    let service = Service::new("");
    let script = "trap 'sleep 1; exit 4' TERM; echo > trapped; while :; do sleep 0.05; done";
    let mut agent = service.start(&["sh", "-c", script]);
    wait::until_true(PATIENCE, "the trap", || service.path("trapped").exists() && agent.is_ready());
    agent.signal(Signal::TERM);
    wait::until_true(PATIENCE, "no readiness", || !agent.is_ready());
    assert_eq!(agent.ended(), 4);
}
