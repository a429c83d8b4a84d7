//! Settings that CMD reads at its start only.

use std::fs;

use serde_json::Value;
use test_support::wait;

use super::{PATIENCE, SLEEP, Service};

/// A change is in force as soon as CMD has been started again.
const AT_ONCE: &str = "--on-restart child --restart-spread 0s --drain 0s";

/// Appends its settings to the file `starts`, and ends at once with PORT 81.
const CHILD: &str = r#"
port=$(cat $CONFPATH_DIR/current/config/PORT)
echo $port $MODE >> starts
if [ $port = 81 ]; then exit 5; fi
exec sleep 1000
"#;

fn starts(service: &Service) -> Vec<String> {
    let text = fs::read_to_string(service.path("starts")).unwrap_or_default();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn until_starts(service: &Service, expected: &[&str]) {
    wait::until(PATIENCE, &format!("{expected:?}"), || starts(service), |seen| seen == expected);
}

#[test]
fn change_is_pending_until_it_is_reverted() {
    let service = Service::new("");
    let agent = service.start(SLEEP);
    service.set(&[("PORT", "82"), ("MODE", "b")]);
    let digests = agent.until_state("pending");
    assert_eq!(digests["reasons"], serde_json::json!(["PORT: a change needs a restart"]));
    assert_eq!(digests["retrying"], false);
    assert_eq!(service.current("config/MODE").unwrap(), "a", "whole generations only");
    agent.until_logged("configuration pending");
    service.set(&[("MODE", "b")]);
    service.until_current("config/MODE", "b");
    agent.until_state("delivered");
}

#[test]
fn child_is_started_again_where_asked_for() {
    let service = Service::new(AT_ONCE);
    let agent = service.start(&["sh", "-c", CHILD]);
    until_starts(&service, &["80"]);
    service.set(&[("MODE", "b")]);
    service.until_current("config/MODE", "b");
    service.set(&[("PORT", "82"), ("MODE", "b")]);
    until_starts(&service, &["80", "82"]);
    let digests = agent.until_state("delivered");
    assert_eq!(digests["delivered"], digests["mounted"]);
}

#[test]
fn child_that_ends_has_the_change_taken_back() {
    let service = Service::new(AT_ONCE);
    let agent = service.start(&["sh", "-c", CHILD]);
    until_starts(&service, &["80"]);
    service.set(&[("PORT", "81")]);
    let digests = agent.until_state("rolled_back");
    assert_eq!(digests["reasons"][0], "service: CMD ended after its start: exit code 5");
    assert_eq!(service.current("config/PORT").unwrap(), "80");
    wait::until(
        PATIENCE,
        "the former child",
        || starts(&service),
        |seen| seen.get(..3) == Some(&["80".to_owned(), "81".to_owned(), "80".to_owned()]),
    );
    service.set(&[("PORT", "82")]);
    wait::until(
        PATIENCE,
        "the corrected child",
        || starts(&service),
        |seen| seen.last().is_some_and(|last| last == "82"),
    );
    agent.until_digests("the corrected change", |digests| {
        digests["state"] == "delivered" && digests["delivered"] == digests["mounted"]
    });
}

#[test]
fn end_of_child_after_probation_ends_the_agent() {
    let service = Service::new(AT_ONCE);
    let script = CHILD.replace("exec sleep 1000", "while [ ! -e end ]; do sleep 0.05; done; exit 6");
    let mut agent = service.start(&["sh", "-c", &script]);
    until_starts(&service, &["80"]);
    service.set(&[("PORT", "82")]);
    until_starts(&service, &["80", "82"]);
    agent.until_state("delivered");
    fs::write(service.path("end"), "").unwrap();
    assert_eq!(agent.ended(), 6);
}

#[test]
fn variables_follow_each_start() {
    let service = Service::new(&format!("--environment {AT_ONCE}"));
    let _agent = service.start(&["sh", "-c", CHILD]);
    until_starts(&service, &["80 a"]);
    service.set(&[("MODE", "b")]);
    until_starts(&service, &["80 a", "80 b"]);
}

#[test]
fn any_change_of_variables_is_pending_otherwise() {
    let service = Service::new("--environment");
    let agent = service.start(SLEEP);
    service.set(&[("MODE", "b")]);
    let digests = agent.until_state("pending");
    assert_eq!(digests["running"], Value::Null);
}
