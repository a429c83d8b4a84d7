//! The chart's network policy where one is enforced: who reaches which port, and where pods may go. Connections begin in the network
//! namespaces of pods, so that they take the way that a pod's own would.

use e2e::harness::extras::Extra;
use e2e::harness::namespace::{Namespace, in_two_namespaces};
use e2e::harness::wait::{ARRIVAL, until_any};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt as _;
use serde_json::{Value, json};
use test_support::wait::until_async;
use tokio::process::Command;

use crate::support::{ADMIN_PORT, OPERATOR_PORT, PUBLIC_PORT, address_of};

/// A pod that no policy selects.
const OPEN: [&str; 6] =
    ["--set", "config.SECRET_KEY=xyz", "--set", "replicaCount=1", "--set", "networkPolicy.enabled=false"];
const DNS_PORT: u16 = 53;

#[test]
fn others_reach_public_port_named_pods_admin_port() {
    in_two_namespaces(async |ns, neighbour| {
        if !Extra::Policies.is_there() {
            return;
        }
        let named = r#"networkPolicy.adminFrom=[{"podSelector":{"matchLabels":{"role":"scraper"}}}]"#;
        ns.install("myapp", &["--set", "config.SECRET_KEY=xyz", "--set-json", named]).await;
        ns.install("scraper", &[&OPEN[..], &["--set", "podLabels.role=scraper"]].concat()).await;
        ns.install("stranger", &OPEN).await;
        neighbour.install("outsider", &OPEN).await;
        let [target, peer] = &ns.pods("myapp").await[..] else { panic!("two pods expected") };
        let outsider = only(neighbour, "outsider").await;
        let stranger = only(ns, "stranger").await;
        let scraper = only(ns, "scraper").await;
        let address = address_of(target);
        let row = |from: &Pod, port, outcome| Row::new(from, &address, port, outcome);

        let table = [
            row(&outsider, PUBLIC_PORT, Reached),
            row(&outsider, ADMIN_PORT, Dropped),
            row(&outsider, OPERATOR_PORT, Dropped),
            row(&stranger, PUBLIC_PORT, Reached),
            row(&stranger, ADMIN_PORT, Dropped),
            row(&stranger, OPERATOR_PORT, Dropped),
            row(&scraper, PUBLIC_PORT, Reached),
            row(&scraper, ADMIN_PORT, Reached),
            row(&scraper, OPERATOR_PORT, Dropped),
            // Replicas compare what they run.
            row(peer, ADMIN_PORT, Reached),
            row(peer, OPERATOR_PORT, Dropped),
        ];
        for row in &table {
            row.holds().await;
        }
        without(ns, "/spec/ingress/0", &[row(&outsider, PUBLIC_PORT, Dropped)]).await;
        let admin = [row(&scraper, ADMIN_PORT, Dropped), row(peer, ADMIN_PORT, Dropped)];
        without(ns, "/spec/ingress/1", &admin).await;
        without(
            ns,
            "/spec/ingress/1/from/2",
            &[row(&scraper, ADMIN_PORT, Dropped), row(peer, ADMIN_PORT, Reached)],
        )
        .await;
        without(ns, "/spec/egress/1", &[row(peer, ADMIN_PORT, Dropped)]).await;
        for row in &table {
            row.holds().await;
        }
        // Nothing listens on the operator port but on loopback: without a policy the refusal is the pod's own.
        ns.sh("kubectl delete networkpolicy myapp").await.succeeded();
        row(&outsider, ADMIN_PORT, Reached).holds().await;
        row(&outsider, OPERATOR_PORT, Refused).holds().await;
    });
}

#[test]
fn pods_reach_only_dns_database_cache_and_collector() {
    in_two_namespaces(async |ns, neighbour| {
        if !Extra::Policies.is_there() {
            return;
        }
        // Database and cache answer HTTP, so that the pod never becomes ready; its network is what is looked at.
        ns.logs.expect("");
        neighbour.install("database", &OPEN).await;
        neighbour.install("cache", &OPEN).await;
        neighbour.install("collector", &OPEN).await;
        let database = address_of(&only(neighbour, "database").await);
        let cache = address_of(&only(neighbour, "cache").await);
        let collector = address_of(&only(neighbour, "collector").await);
        let values = [
            "replicaCount=1".to_owned(),
            "config.SECRET_KEY=xyz".to_owned(),
            "config.DB_PASSWORD=p123".to_owned(),
            format!("database.host={database}"),
            format!("database.port={PUBLIC_PORT}"),
            format!("cache.host={cache}"),
            format!("cache.port={PUBLIC_PORT}"),
            format!("otel.endpoint=http://{collector}:{ADMIN_PORT}"),
        ];
        let arguments: Vec<&str> = values.iter().flat_map(|value| ["--set", value]).collect();
        let install = [&["install", "myapp", "./charts/myapp"], &arguments[..]].concat();
        ns.run("helm", &install, "").await.succeeded();
        let runs = |pod: &Pod| container_of(pod).is_some();
        let labels = "app.kubernetes.io/instance=myapp";
        let pod = until_any(ns.api::<Pod>(), labels, "to run", runs).await;
        let dns = "kubectl get pods --namespace kube-system --selector k8s-app=kube-dns -o jsonpath='{.items[0].status.podIP}'";
        let dns = ns.sh(dns).await.succeeded();
        let row = |to: &str, port, outcome| Row::new(&pod, to, port, outcome);

        let table = [
            row(&dns, DNS_PORT, Reached),
            row(&database, PUBLIC_PORT, Reached),
            row(&database, ADMIN_PORT, Dropped),
            row(&cache, PUBLIC_PORT, Reached),
            row(&cache, ADMIN_PORT, Dropped),
            row(&collector, ADMIN_PORT, Reached),
            row(&collector, PUBLIC_PORT, Dropped),
        ];
        for row in &table {
            row.holds().await;
        }
        without(ns, "/spec/egress/0", &[row(&dns, DNS_PORT, Dropped)]).await;
        without(ns, "/spec/egress/2", &[row(&database, PUBLIC_PORT, Dropped)]).await;
        without(ns, "/spec/egress/3", &[row(&cache, PUBLIC_PORT, Dropped)]).await;
        without(ns, "/spec/egress/4", &[row(&collector, ADMIN_PORT, Dropped)]).await;
        for row in &table {
            row.holds().await;
        }
        ns.sh("kubectl delete networkpolicy myapp").await.succeeded();
        row(&database, ADMIN_PORT, Reached).holds().await;
        row(&collector, PUBLIC_PORT, Reached).holds().await;
    });
}

/// Result of a connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Reached,
    /// The other side refused: nothing listens.
    Refused,
    /// No answer, which is the effect of a policy.
    Dropped,
}

use Outcome::{Dropped, Reached, Refused};

/// One row of a table of connections and their outcomes.
#[derive(Debug)]
struct Row {
    from: String,
    process: u32,
    address: String,
    port: u16,
    outcome: Outcome,
}

impl Row {
    fn new(from: &Pod, address: &str, port: u16, outcome: Outcome) -> Self {
        Self { from: from.name_any(), process: process_of(from), address: address.to_owned(), port, outcome }
    }

    /// Waits for the row's outcome: an engine learns of pods and policies a moment after the API does.
    async fn holds(&self) {
        let what = format!("{} to find {}:{} {:?}", self.from, self.address, self.port, self.outcome);
        until_async(ARRIVAL, &what, async || self.connect().await, |outcome| *outcome == self.outcome).await;
    }

    async fn connect(&self) -> Outcome {
        // A lost first packet is sent again after one second and three.
        let script = r#"exec 3<>"/dev/tcp/$0/$1""#;
        let network = format!("--net=/proc/{}/ns/net", self.process);
        let mut command = Command::new("nsenter");
        command.args([&network, "--", "timeout", "4", "bash", "-c", script, &self.address]);
        command.arg(self.port.to_string());
        let output = command.output().await.unwrap();
        match output.status.code() {
            Some(0) => Reached,
            Some(124) => Dropped,
            Some(1) if String::from_utf8_lossy(&output.stderr).contains("refused") => Refused,
            code => panic!("{self:?} ended with {code:?}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

/// Takes a part out of the policy, under which each of `rows` must hold, and puts it back.
async fn without(ns: &Namespace, part: &str, rows: &[Row]) {
    let before = ns.api::<NetworkPolicy>().get("myapp").await.unwrap();
    patch(ns, &json!([{ "op": "remove", "path": part }])).await;
    for row in rows {
        row.holds().await;
    }
    let spec = serde_json::to_value(before.spec).unwrap();
    patch(ns, &json!([{ "op": "replace", "path": "/spec", "value": spec }])).await;
}

async fn patch(ns: &Namespace, patch: &Value) {
    let patch = patch.to_string();
    ns.run("kubectl", &["patch", "networkpolicy", "myapp", "--type=json", "-p", &patch], "")
        .await
        .succeeded();
}

async fn only(ns: &Namespace, release: &str) -> Pod {
    let pods = ns.pods(release).await;
    let [pod] = &pods[..] else { panic!("one pod expected: {pods:?}") };
    pod.clone()
}

/// A process of the pod's container on this machine, found by the control group that it is in.
fn process_of(pod: &Pod) -> u32 {
    let container = container_of(pod).unwrap_or_else(|| panic!("{} has no container", pod.name_any()));
    let is_in_it = |process: &u32| {
        let groups = std::fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
        groups.contains(&container)
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.find(is_in_it).unwrap_or_else(|| panic!("no process of container {container} on this machine"))
}

/// The id of the container that runs.
fn container_of(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
    status.state.as_ref()?.running.as_ref()?;
    Some(status.container_id.as_ref()?.split_once("://")?.1.to_owned())
}
