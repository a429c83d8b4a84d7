//! A replica that never reaches its server reports the reason: in its log at the default level, in its status, and to `verify`.

use serde_json::{Value, json};
use test_support::http::raw::blocking::get;
use test_support::postgres::Database;
use test_support::wait::{until, until_true};

use crate::DEADLINE;
use crate::databases::{Kind, shared};
use crate::process::{PORTS, Serving, myapp, run};
use crate::service::Service;

/// Parses the log of a replica as JSON.
fn parsed(log: &[String]) -> Vec<Value> {
    log.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Starts a replica with these settings only; in particular without `LOG_LEVEL`.
fn start(url: &str, password: &str) -> Serving {
    let settings = [("DATABASE_URL", url), ("DB_PASSWORD", password), ("SECRET_KEY", "hush")];
    let mut command = myapp(&PORTS, &settings);
    command.args(["--drain-min=0s", "--drain-quiet=0s"]);
    Serving::spawn(command)
}

/// Returns each kind of refusal by a server, with its SQLSTATE.
fn refusals<'a>(database: &'a Database<'a>) -> [(String, &'a str, &'static str, &'static str); 2] {
    let nowhere = database.url().replace(&format!("/{}?", database.name), "/no_such_database?");
    assert_ne!(nowhere, database.url());
    [
        (database.url(), "wrong-password", "authentication", "28P01"),
        (nowhere, &database.password, "no_database", "3D000"),
    ]
}

#[test]
fn refused_replica_says_why_at_the_default_level() {
    let database = shared().database();
    for (url, password, reason, code) in refusals(&database) {
        let mut serving = start(&url, password);
        let [public, admin, operator] = serving.addresses();
        let dependency = || get(operator, "/api/v1/status").json()["dependencies"][0].clone();
        until(DEADLINE, "down", dependency, |seen| seen["up"] == false);
        let age = || dependency()["age_ms"].as_u64().unwrap();
        // One more check, with the same result.
        let mut before = age();
        until_true(DEADLINE, "checked again", || std::mem::replace(&mut before, age()) > before);
        let told = dependency();
        assert_eq!((&told["reason"], &told["code"]), (&json!(reason), &json!(code)), "{told}");
        let metrics = get(admin, "/metrics").body;
        let sample = format!(
            "dependency_down_reason{{dependency=\"database\",reason=\"{reason}\",code=\"{code}\"}} 1\n"
        );
        assert!(metrics.contains(&sample), "{metrics}");
        assert_eq!(get(public, "/readyz").status, 503);
        serving.signal("-TERM");
        let (_, log) = serving.ended();
        let lines = parsed(&log);
        let about: Vec<_> = lines.iter().filter(|line| line["dependency"] == "database").collect();
        assert_eq!(about.len(), 1, "{log:#?}");
        let line = about[0];
        assert_eq!(
            (&line["target"], &line["message"]),
            (&json!("lifecycle"), &json!("dependency was never reached"))
        );
        assert_eq!(
            (&line["reason"], &line["code"], &line["ready"]),
            (&json!(reason), &json!(code), &json!(false))
        );
    }
}

#[test]
fn recovery_of_a_refused_replica_is_told_once() {
    let database = shared().database();
    let mut serving = start(&database.url(), "the-new-one");
    let [public, ..] = serving.addresses();
    assert_eq!(serving.line_at_any_time("dependency was never reached")["code"], "28P01");
    database.sql(&format!("ALTER ROLE {} PASSWORD 'the-new-one'", database.user));
    let up = serving.line("dependency is up");
    assert_eq!((&up["target"], &up["dependency"]), (&json!("lifecycle"), &json!("database")));
    assert_eq!(get(public, "/readyz").status, 200);
}

#[test]
fn verify_fails_while_a_replica_is_not_ready() {
    let database = shared().database();
    let mut sound = start(&database.url(), &database.password);
    let [_, admin, _] = sound.addresses();
    until(DEADLINE, "ready", || get(admin, "/readyz"), |seen| seen.status == 200);
    let verify = |admin: std::net::SocketAddr, flags: &[&str]| {
        let peers = format!("--peers={admin}");
        let output = run(&[&["verify", &peers], flags].concat(), &[]);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    assert_eq!(verify(admin, &[]), (Some(0), "1 replicas agree\n".to_owned(), String::new()));

    for (url, password, reason, code) in refusals(&database) {
        let mut serving = start(&url, password);
        let [_, admin, operator] = serving.addresses();
        until(
            DEADLINE,
            "known",
            || get(admin, "/digests").json(),
            |seen| seen["dependencies"][0]["up"] == false,
        );
        let digests = get(admin, "/digests").json();
        assert_eq!((&digests["ready"], &digests["dependencies"][0]["code"]), (&json!(false), &json!(code)));
        let summary = format!("1 replicas agree, 1 are not ready: database: {reason} ({code})");
        let expected = format!("myapp: {admin}: not ready: database: {reason} ({code})\nmyapp: {summary}\n");
        assert_eq!(verify(admin, &[]), (Some(1), String::new(), expected));
        assert_eq!(
            verify(admin, &["--configuration-only"]),
            (Some(0), format!("{summary}\n"), String::new())
        );
        assert_eq!(get(operator, "/api/v1/status").json()["ready"], false);
    }
}

#[test]
fn verify_waits_for_readiness_as_well() {
    let database = shared().database();
    let mut serving = start(&database.url(), "the-new-one");
    let [_, admin, _] = serving.addresses();
    serving.line_at_any_time("dependency was never reached");
    let peers = format!("--peers={admin}");
    let verifying = std::thread::spawn(move || run(&["verify", &peers, "--within=50s"], &[]));
    database.sql(&format!("ALTER ROLE {} PASSWORD 'the-new-one'", database.user));
    let output = verifying.join().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"1 replicas agree\n".to_vec()));
}

#[test]
fn fleet_names_replicas_that_are_not_ready() {
    let database = shared().database();
    let mut refused = start(&database.url(), "wrong-password");
    let [_, admin, _] = refused.addresses();
    until(DEADLINE, "known", || get(admin, "/digests").json(), |seen| seen["dependencies"][0]["up"] == false);
    let (kind, peers) = (Kind::sqlite(), format!("--peers={admin}"));
    let service = Service::start(&kind, &[&peers], &[]);
    let fleet = get(service.operator, "/api/v1/fleet").json();
    assert_eq!((&fleet["converged"], &fleet["reasons"]), (&json!(true), &json!([])));
    let expected = format!("{admin}: not ready: database: authentication (28P01)");
    assert_eq!(fleet["not_ready"], json!([expected]));
}
