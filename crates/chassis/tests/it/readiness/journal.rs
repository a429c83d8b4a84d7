use chassis::readiness::{Class, Samplers};
use chassis::telemetry::Level;
use serde_json::Value;

use super::{Behaviour, Fake, JITTER, PERIOD, TIMEOUT, rounds, start};
use crate::telemetry::{Memory, build, lines};

/// Phases of a dependency, each with a number of rounds.
type Course = &'static [(Behaviour, u32)];

async fn run(class: Class, course: Course) {
    let fake = Fake::new(course[0].0);
    let (_health, _readiness, _samplers): (_, _, Samplers) = start(vec![fake.dependency("database", class)]);
    for (behaviour, n_rounds) in course {
        fake.behaves(*behaviour);
        rounds(*n_rounds).await;
    }
}

/// The lines on dependencies that a course leaves in a log of that level.
async fn log(level: Level, class: Class, course: Course) -> Vec<Value> {
    let memory = Memory::default();
    let (subscriber, telemetry) = build(level, memory.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    run(class, course).await;
    let mut lines = lines(&memory, &telemetry);
    lines.retain(|line| line["dependency"] == "database");
    lines
}

fn told<'a>(lines: &'a [Value], fields: &[&str]) -> Vec<Vec<&'a str>> {
    lines
        .iter()
        .map(|line| fields.iter().map(|field| line[*field].as_str().unwrap_or_default()).collect())
        .collect()
}

const NEVER: &str = "dependency was never reached";
const DOWN: &str = "dependency is down";
const UP: &str = "dependency is up";

#[tokio::test(start_paused = true)]
async fn never_reached_is_logged_once() {
    const COURSE: Course = &[(Behaviour::RefusesWith("28P01"), 20), (Behaviour::Works, 5)];
    for level in [Level::Critical, Level::Error, Level::Info] {
        for class in [Class::Required, Class::Degraded] {
            let lines = log(level, class, COURSE).await;
            let expected = [["lifecycle", NEVER, "refused", "28P01"], ["lifecycle", UP, "", ""]];
            assert_eq!(
                told(&lines, &["target", "message", "reason", "code"]),
                expected,
                "{level:?} {class:?}"
            );
            assert_eq!(lines[0]["ready"], class != Class::Required);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lost_dependency_is_logged_at_every_level() {
    const COURSE: Course = &[(Behaviour::Works, 5), (Behaviour::Hangs, 10), (Behaviour::Works, 5)];
    let lines = log(Level::Error, Class::Required, COURSE).await;
    assert_eq!(told(&lines, &["message", "reason"]), [[DOWN, "timed out"], [UP, ""]]);
    assert_eq!(lines[0]["ready"], true, "all replicas share it");
    let lines = log(Level::Info, Class::Required, COURSE).await;
    assert_eq!(told(&lines, &["level", "message"]), [["INFO", UP], ["WARN", DOWN], ["INFO", UP]]);
}

#[tokio::test(start_paused = true)]
async fn what_is_informational_follows_the_level() {
    const COURSE: Course = &[(Behaviour::Refuses, 5), (Behaviour::Works, 5)];
    assert!(log(Level::Error, Class::Informational, COURSE).await.is_empty());
    assert_eq!(log(Level::Info, Class::Informational, COURSE).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_reason_or_code_is_another_line() {
    const COURSE: Course = &[
        (Behaviour::Refuses, 8),
        (Behaviour::RefusesWith("28P01"), 8),
        (Behaviour::RefusesWith("3D000"), 8),
        (Behaviour::Hangs, 8),
    ];
    let lines = log(Level::Error, Class::Required, COURSE).await;
    let expected = [["refused", ""], ["refused", "28P01"], ["refused", "3D000"], ["timed out", ""]];
    assert_eq!(told(&lines, &["reason", "code"]), expected);
}

/// Sixty times around in some six hundred seconds.
const FLAPS: [(Behaviour, u32); 60] = {
    let mut course = [(Behaviour::RefusesWith("28P01"), 1); 60];
    let mut n = 0;
    while n < course.len() {
        if n % 2 == 1 {
            course[n].0 = Behaviour::RefusesWith("3D000");
        }
        n += 1;
    }
    course
};

#[tokio::test(start_paused = true)]
async fn flapping_writes_one_line_per_reason_and_minute() {
    let lines = log(Level::Error, Class::Required, &FLAPS).await;
    // As many minutes as the course has, and two reasons.
    let minutes = (PERIOD + JITTER + TIMEOUT).as_secs() as usize * FLAPS.len() / 60;
    let most = (minutes + 1) * 2;
    assert!((4..=most).contains(&lines.len()), "{} lines, {most} at most", lines.len());
    assert!(lines.iter().any(|line| line["suppressed"].as_u64() > Some(0)), "{lines:#?}");

    const LAST: Course = &[
        (Behaviour::RefusesWith("28P01"), 1),
        (Behaviour::RefusesWith("3D000"), 1),
        (Behaviour::RefusesWith("28P01"), 10),
    ];
    let lines = log(Level::Error, Class::Required, LAST).await;
    assert_eq!(told(&lines, &["code"]), [["28P01"], ["3D000"], ["28P01"]]);
}
