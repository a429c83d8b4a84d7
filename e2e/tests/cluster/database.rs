//! A PostgreSQL server outside the cluster, and a change of its password under load while the history is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use e2e::harness::command::{self, Background};
use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::postgres::Postgres;
use e2e::harness::wait::ARRIVAL;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use serde::Deserialize;
use serde_json::{Value, json};
use test_support::wait::until_async;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::ingress::{Controller, host, published};
use crate::support::{
    OPERATOR_PORT, address_for_pods, assert_untouched, create_secret, name_in_the_cluster, names,
    until_digests,
};

/// The role, and its database.
const ROLE: &str = "shop";
const PASSWORDS: [&str; 2] = ["MARKED-first-password-2c71", "MARKED-second-password-90ab"];
/// Delay between the change of the Secret and the change in the database, when a person makes both changes in sequence.
const BETWEEN_TWO_COMMANDS: Duration = Duration::from_secs(5);
/// Limit of the difference between the clocks of this machine and of a node.
const SKEW_MS: u128 = 5_000;

#[test]
fn late_database_password_loses_no_request_or_pod() {
    in_namespace(async |ns| {
        let clients = rotate(ns, async |server, _| {
            tokio::time::sleep(BETWEEN_TWO_COMMANDS).await;
            alter(server).await
        })
        .await;
        println!("{clients}");
    });
}

#[test]
fn unknown_database_password_is_rejected_without_lost_requests() {
    in_namespace(async |ns| {
        let clients = rotate(ns, async |server, pods| {
            for pod in names(pods) {
                // On a busy machine the first attempt may end in a timeout instead, and is retried.
                let digests = until_digests(ns, &pod, "to refuse the password", |digests| {
                    let reason = digests["reasons"][0].as_str().unwrap_or_default();
                    digests["state"] == "rejected" && reason.starts_with("database: DB_PASSWORD: ")
                })
                .await;
                assert_eq!(digests["generation"], 1);
            }
            until_recorded(ns, pods, "rejected").await;
            alter(server).await
        })
        .await;
        println!("{clients}");
    });
}

/// Changes the password in the Secret and, by `in_the_database`, on the server. Meanwhile clients send requests through the
/// Service, and operators reveal secrets, which is recorded in the database first. Returns the clients' results.
async fn rotate(ns: &Namespace, in_the_database: impl AsyncFnOnce(&Postgres, &[Pod]) -> String) -> String {
    // A pod may try the password before the database knows it.
    ns.logs.expect("configuration rejected");
    let server = install(ns).await;
    let pods = ns.pods("myapp").await;
    let reveals = Reveals::start(ns, &pods).await;
    let proxied = ns.load("myapp", "/config").await;
    let direct = ns.clients("myapp", "/config").await;
    let published = match Controller::find(ns).await {
        Some(controller) => Some(controller.clients(&host(ns)).await),
        None => None,
    };

    let begun = now_ms();
    let patch = json!({ "stringData": { "password": PASSWORDS[1] } }).to_string();
    ns.run("kubectl", &["patch", "secret", "database", "-p", &patch], "").await.succeeded();
    let altered = in_the_database(&server, &pods).await;
    for pod in names(&pods) {
        until_digests(ns, &pod, "to use the new password", |digests| {
            digests["state"] == "converged" && digests["generation"] == 2
        })
        .await;
    }
    let converged = now_ms();
    let earlier = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}' AND backend_start < '{altered}'"
    );
    let ask = async || server.sql("postgres", &earlier).await;
    until_async(ARRIVAL, "sessions of the old password to end", ask, |count| count == "0").await;

    let tally = proxied.stop().await;
    assert_eq!(tally.failures, Vec::<String>::new(), "beside {} answers", tally.answered);
    let mut seen =
        format!("changed in {} ms: {} answers through the API server", converged - begun, tally.answered);
    if let Some(direct) = direct {
        let tally = direct.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
        seen = format!("{seen}, by the Service's address {tally}");
    }
    if let Some(published) = published {
        let tally = published.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
        seen = format!("{seen}, through the Ingress {tally}");
    }
    let revealed = reveals.stop().await;
    assert!(revealed > 0);
    let recorded = server.sql(ROLE, "SELECT count(*) FROM accesses WHERE kind = 'reveal'").await;
    assert_eq!(recorded, revealed.to_string(), "each reveal that was answered is recorded, once");
    assert!(!server.lets_in(ROLE, PASSWORDS[0]).await, "the old password is still good");
    assert!(server.lets_in(ROLE, PASSWORDS[1]).await, "the search for the old one must find what is there");
    assert_recorded(ns, &server, &pods, begun, converged).await;
    assert_untouched(ns, &pods).await;
    format!("{seen}, {revealed} reveals")
}

/// The history shows on every replica that the password changed, when, and nothing of it but two fingerprints.
async fn assert_recorded(ns: &Namespace, server: &Postgres, pods: &[Pod], begun: u128, converged: u128) {
    let committed = until_recorded(ns, pods, "committed").await;
    let mut replicas: Vec<&str> = committed.iter().map(|change| change.replica.as_str()).collect();
    replicas.sort_unstable();
    assert_eq!(replicas, names(pods), "one change on each replica: {committed:?}");
    for change in &committed {
        assert_eq!(change.key, "DB_PASSWORD");
        assert!((begun - SKEW_MS..=converged + SKEW_MS).contains(&change.at_ms()), "{change:?}");
        let [old, new] = [&change.old, &change.new];
        assert!(old != new && [old, new].iter().all(|print| print.len() == 12), "{change:?}");
    }
    for table in ["config_history", "accesses"] {
        let rows = server.sql(ROLE, &format!("SELECT * FROM {table}")).await;
        assert!(PASSWORDS.iter().all(|password| !rows.contains(password)), "{rows}");
    }
}

/// Starts a server, creates a name for it in the cluster, and installs the chart as docs/operations.md describes.
async fn install(ns: &Namespace) -> Postgres {
    let host = format!("database.{}.svc", ns.name());
    let server = Postgres::start(address_for_pods(ns).await, &host).await;
    server.sql("postgres", &format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{}'", PASSWORDS[0])).await;
    server.sql("postgres", &format!("CREATE DATABASE {ROLE} OWNER {ROLE}")).await;
    name_in_the_cluster(ns, "database", (server.address(), server.port()).into()).await;
    create_secret(ns, "mine", json!({ "SECRET_KEY": "8c1f3e0b7a92d465f0c8e37b19ad5264" })).await;
    create_secret(ns, "database", json!({ "password": PASSWORDS[0] })).await;
    let authority = json!({ "metadata": { "name": "authority" }, "data": { "ca.crt": server.authority() } });
    ns.create_object::<ConfigMap>(authority).await;
    let values = [
        "existingSecret=mine".to_owned(),
        format!("database.host={host}"),
        format!("database.port={}", server.port()),
        format!("database.user={ROLE}"),
        format!("database.name={ROLE}"),
        "database.existingSecret=database".to_owned(),
        "database.caBundle.configMap=authority".to_owned(),
    ];
    let values = [&values[..], &published(&self::host(ns), "/")].concat();
    let arguments: Vec<&str> = values.iter().flat_map(|value| ["--set", value]).collect();
    ns.install("myapp", &arguments).await;
    server
}

/// Changes the password on the server, and returns the time before the change: a session with the new password may begin at
/// once.
async fn alter(server: &Postgres) -> String {
    let before = server.sql("postgres", "SELECT clock_timestamp()").await;
    server.sql("postgres", &format!("ALTER ROLE {ROLE} PASSWORD '{}'", PASSWORDS[1])).await;
    before
}

/// A change in the history, as the operator listener returns it.
#[derive(Debug, Deserialize)]
struct Change {
    replica: String,
    outcome: String,
    key: String,
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    /// In UTC, as RFC 3339 has it.
    at: String,
}

impl Change {
    fn at_ms(&self) -> u128 {
        let at = humantime::parse_rfc3339(&self.at).unwrap();
        at.duration_since(UNIX_EPOCH).unwrap().as_millis()
    }
}

/// One page of the history.
#[derive(Deserialize)]
struct Page {
    items: Vec<Change>,
    next: Option<String>,
}

/// The changes with this outcome, once the history has one of each replica: a replica records a change in the background, after
/// the change is in force or refused.
async fn until_recorded(ns: &Namespace, pods: &[Pod], outcome: &str) -> Vec<Change> {
    let changes = async || -> Vec<Change> {
        history(ns, pods).await.into_iter().filter(|change| change.outcome == outcome).collect()
    };
    let of_each = |changes: &Vec<Change>| {
        names(pods).iter().all(|pod| changes.iter().any(|change| change.replica == *pod))
    };
    until_async(ARRIVAL, &format!("each replica to record what it {outcome}"), changes, of_each).await
}

/// The whole history, from the first of these replicas: all replicas have one database.
async fn history(ns: &Namespace, pods: &[Pod]) -> Vec<Change> {
    let (address, _forward) = ns.forward(&names(pods)[0], OPERATOR_PORT).await;
    let page = ask(&address, "/api/v1/history?limit=200").await;
    let page: Page =
        page.and_then(|page| serde_json::from_value(page).map_err(|error| error.to_string())).unwrap();
    assert_eq!(page.next, None, "all on one page");
    page.items
}

/// Operators that reveal the secrets of every replica in a loop: each reveal is recorded before it is answered, so it needs the
/// database.
struct Reveals {
    stop: Arc<AtomicBool>,
    operators: JoinSet<usize>,
    _forwards: Vec<Background>,
}

impl Reveals {
    /// Starts one operator for each pod, after the pod's first successful answer.
    async fn start(ns: &Namespace, pods: &[Pod]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut operators = JoinSet::new();
        let mut forwards = Vec::new();
        for pod in names(pods) {
            let (address, forward) = ns.forward(&pod, OPERATOR_PORT).await;
            forwards.push(forward);
            let first = async || reveal(&address).await;
            until_async(ARRIVAL, &format!("{pod} to have the database"), first, Result::is_ok).await.unwrap();
            operators.spawn(look(address, Arc::clone(&stop)));
        }
        Self { stop, operators, _forwards: forwards }
    }

    /// Stops the operators and returns the number of answers; an unanswered reveal fails the test.
    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.operators.join_all().await.into_iter().sum()
    }
}

async fn look(address: String, stop: Arc<AtomicBool>) -> usize {
    // The first reveal, which `start` waited for.
    let mut answered = 1;
    while !stop.load(Ordering::Relaxed) {
        reveal(&address).await.unwrap_or_else(|refusal| panic!("after {answered} looks: {refusal}"));
        answered += 1;
    }
    answered
}

async fn reveal(address: &str) -> Result<Value, String> {
    ask(address, "/config").await
}

/// Answer of the operator listener, or the reason for a failure.
async fn ask(address: &str, path: &str) -> Result<Value, String> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail-with-body", &format!("http://{address}{path}")]);
    let outcome = command::run(curl, "").await;
    if outcome.code == Some(0) {
        serde_json::from_str(&outcome.stdout).map_err(|error| format!("{error}: {}", outcome.stdout))
    } else {
        Err(format!("{}{}", outcome.stdout, outcome.stderr))
    }
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}
