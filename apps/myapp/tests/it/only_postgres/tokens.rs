//! Short-lived tokens in place of a password.

use std::sync::{Arc, Mutex};

use myapp::backend::{Audience, Pending, TokenSource};
use test_support::http::raw::blocking::get;
use test_support::wait::until;

use super::load::{Load, sessions_where};
use crate::DEADLINE;
use crate::databases::shared;
use crate::mount::Mount;
use crate::process::refusal;
use crate::service::Service;

const ROUNDS: usize = 10;
const KEY: (&str, &str) = ("secrets/SECRET_KEY", "canary-key-7f3a9c");

/// Returns the newest token.
struct Newest(Mutex<String>);

impl TokenSource for Newest {
    fn token<'a>(&'a self, audience: Audience<'a>, _: &'a str) -> Pending<'a> {
        assert!(matches!(audience, Audience::Database { host: "localhost", .. }));
        let token = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(token.into()) })
    }
}

#[test]
fn sessions_open_with_newest_token() {
    let mut database = shared().database();
    let source = Arc::new(Newest(Mutex::new(database.password.clone())));
    let tokens: Arc<dyn TokenSource> = source.clone();
    let url = database.url();
    let settings = [("DATABASE_URL", url.as_str()), ("DB_PASSWORD", "not used"), ("SECRET_KEY", "hush")];
    let service = Service::as_told(&[], &settings, Some(tokens));
    let load = Load::start(&service, 4);
    until(DEADLINE, "under load", || load.done(), |seen| *seen > 50);
    for round in 0..ROUNDS {
        let old = database.password.clone();
        database.alter_password(&format!("token-{round}"));
        database.password.clone_into(&mut source.0.lock().unwrap());
        assert!(!database.lets_in(&old));
        // Every session has to log in again.
        let all = sessions_where(&database, "true").replace("count(*)", "count(pg_terminate_backend(pid))");
        database.sql(&all);
        let before = load.done();
        until(DEADLINE, "served on", || load.done(), |seen| *seen > before + 100);
    }
    let (done, failures) = load.end(&service);
    assert!(failures.is_empty(), "{} of {done}: {:?}", failures.len(), failures.first());
}

#[test]
fn refused_token_is_reported_under_database_auth_flag() {
    let database = shared().database();
    let tokens: Arc<dyn TokenSource> = Arc::new(Newest(Mutex::new(database.password.clone())));
    let url = database.url();
    let mount = Mount::new(&[KEY, ("config/DATABASE_URL", &url), ("secrets/DB_PASSWORD", "not used")]);
    let service = Service::as_told(&[&mount.flag()], &[], Some(tokens));
    let digests = || get(service.admin, "/digests").json();
    until(DEADLINE, "ready", digests, |seen| seen["ready"] == true);
    let stranger = url.replace(&format!("{}@", database.user), "stranger@");
    assert_ne!(stranger, url);
    mount.swap(&[KEY, ("config/DATABASE_URL", &stranger), ("secrets/DB_PASSWORD", "not used")]);
    until(DEADLINE, "refused", digests, |seen| seen["state"] == "rejected");
    let sentence = "database: --database-auth: the database refuses the token for its user (28P01)";
    assert_eq!(digests()["reasons"], serde_json::json!([sentence]));
}

#[test]
fn iam_auth_without_agent_names_missing_variable() {
    let database = [
        ("DATABASE_URL", "postgres://app@db.example/app?sslmode=verify-full"),
        ("DB_PASSWORD", "x"),
        ("MYAPP_DATABASE_AUTH", "iam"),
    ];
    let cache = [
        ("CACHE_URL", "rediss://app@cache.example"),
        ("MYAPP_CACHE_NAME", "shop"),
        ("MYAPP_CACHE_AUTH", "iam"),
    ];
    for (settings, flag) in [(database, "--database-auth=iam"), (cache, "--cache-auth=iam")] {
        for command in ["serve", "check"] {
            let (code, lines) = refusal(&[command], &settings);
            assert_eq!(code, Some(64));
            let sentence = format!(
                "myapp: {flag}: needs AWS_CONTAINER_CREDENTIALS_FULL_URI, which EKS Pod Identity sets"
            );
            assert_eq!(lines, [sentence]);
        }
    }
}
