//! Samples with a database under `confpath run`: its password is replaced while queries run.

mod running;

use test_support::http::strict::Load;
use test_support::{postgres, wait};

pub(crate) use running::{GO, free_addresses, get};
use running::{Language, PATIENCE, Running};

const ROTATIONS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn go_rotations_of_one_role_fail_no_query() {
    rotate_one_role(Language::Go).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_rotations_of_one_role_fail_no_query() {
    rotate_one_role(Language::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_rotations_of_two_roles_fail_no_query() {
    rotate_two_roles(Language::Go).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_rotations_of_two_roles_fail_no_query() {
    rotate_two_roles(Language::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn password_refused_in_go_leaves_old_serving() {
    refuse_password(Language::Go).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn password_refused_in_python_leaves_old_serving() {
    refuse_password(Language::Python).await;
}

async fn rotate_one_role(language: Language) {
    let server = postgres::Server::start(&["fsync=off"]);
    let mut database = server.database();
    let running = Running::start(language, &database);
    let load = running.load();
    for number in 0..ROTATIONS {
        let (old, new) = (database.password.clone(), format!("canary-rotated-{number}"));
        database.alter_password(&new);
        let begun = database.sql("SELECT now()");
        let former = running.set(&database.url(), &new);
        running.until_acknowledged(former);
        assert_eq!(running.password(), new);
        assert!(!database.lets_in(&old), "the server takes the old password of rotation {number}");
        until_drained(&database, &begun);
    }
    has_no_failure(load).await;
}

async fn rotate_two_roles(language: Language) {
    let server = postgres::Server::start(&["fsync=off"]);
    let roles = [server.database(), server.database()];
    // Both use the database of the first.
    let url = |role: usize| {
        roles[0].url().replace(&format!("//{}@", roles[0].user), &format!("//{}@", roles[role].user))
    };
    let running = Running::start(language, &roles[0]);
    let load = running.load();
    for number in 0..ROTATIONS {
        let (next, old) = ((number + 1) % 2, number % 2);
        let new = format!("canary-two-{number}");
        roles[next].sql(&format!("ALTER ROLE {} PASSWORD '{new}'", roles[next].user));
        let former = running.set(&url(next), &new);
        running.until_acknowledged(former);
        assert_eq!(running.role(), roles[next].user.as_str());
        // Nobody uses it any more.
        roles[old].sql(&format!("ALTER ROLE {} PASSWORD NULL", roles[old].user));
    }
    has_no_failure(load).await;
}

async fn refuse_password(language: Language) {
    let server = postgres::Server::start(&["fsync=off"]);
    let mut database = server.database();
    let running = Running::start(language, &database);
    let load = running.load();
    let wrong = "canary-not-yet-known";
    let former = running.set(&database.url(), wrong);
    let digests = running.until_digests("the refusal", |digests| digests["state"] == "rejected");
    let reason = digests["reasons"][0].as_str().unwrap();
    assert!(reason.contains("password authentication failed for user"), "{reason}");
    assert!(!digests.to_string().contains(wrong), "{digests}");
    assert_eq!(running.password(), database.password);
    assert_eq!(running.role(), database.user.as_str());
    // A database that learns the password late gets the change in without another one.
    assert_eq!(digests["retrying"], true);
    database.alter_password(wrong);
    running.until_acknowledged(former);
    has_no_failure(load).await;
}

/// Waits until the role has no session that was there at `begun`.
fn until_drained(database: &postgres::Database<'_>, begun: &str) {
    let role = &database.user;
    let old = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}' AND backend_start < '{begun}'"
    );
    wait::until(PATIENCE, "the end of the old sessions", || database.sql(&old), |count| count == "0");
}

#[expect(clippy::print_stdout, reason = "the figures are worth reading")]
async fn has_no_failure(load: Load) {
    let tally = load.stop().await;
    println!("{tally}");
    assert!(tally.failures.is_empty(), "{:?}", tally.failures);
    assert!(tally.answered("rows") > ROTATIONS, "{tally}");
}
