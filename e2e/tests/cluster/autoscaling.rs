//! The autoscaler, switched on and off: at no time does the Deployment request fewer pods than before.
//!
//! No metrics are needed: below its minimum an autoscaler scales without them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use e2e::harness::command::Outcome;
use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::{DEADLINE, condition, until};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::Api;
use test_support::wait::until_async;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::support::SECRET_KEY;

const PACE: Duration = Duration::from_millis(100);

/// Helm 4 applies on the server, and reports a conflict where someone else has set a field.
#[test]
fn server_side_apply_keeps_pods_through_autoscaler_switch() {
    in_namespace(async |ns| {
        let samples = switched_on(ns, "--server-side=true").await;
        assert_eq!(rendered(ns).await, None, "the number belongs to the autoscaler that has set it");
        upgrade(ns, "config.LOG_LEVEL=debug").await.succeeded();
        ns.sh("helm rollback myapp").await.succeeded();
        switched_off(ns).await;

        // The autoscaler is gone, and still on record as the one that has set the number.
        let conflict = upgrade(ns, "replicaCount=4").await.refused_with(1);
        assert!(
            conflict.contains("kube-controller-manager") && conflict.contains(".spec.replicas"),
            "{conflict}"
        );
        ns.sh(&format!("{UPGRADE} --set replicaCount=4 --force-conflicts")).await.succeeded();
        assert_eq!(samples.seen(ns, 4).await, [4, 5, 4]);
    });
}

/// Helm 3 and Terraform's provider use a three-way merge, as Helm 4 does if configured so: a field that is gone from the
/// manifest is removed, even if another client has set it since.
#[test]
fn three_way_merge_keeps_pods_through_autoscaler_switch() {
    in_namespace(async |ns| {
        let samples = switched_on(ns, "--server-side=false").await;
        assert_eq!(rendered(ns).await, Some(5), "the number as it is in the cluster");
        upgrade(ns, "config.LOG_LEVEL=debug").await.succeeded();
        ns.sh("helm rollback myapp").await.succeeded();
        switched_off(ns).await;
        upgrade(ns, "replicaCount=4").await.succeeded();
        assert_eq!(samples.seen(ns, 4).await, [4, 5, 4]);
    });
}

#[test]
fn release_starting_with_autoscaler_never_renders_replicas() {
    in_namespace(async |ns| {
        for (release, apply) in [("one", "--server-side=true"), ("two", "--server-side=false")] {
            let install = [&SECRET_KEY[..], &["--set", "autoscaling.enabled=true", apply]].concat();
            ns.install(release, &install).await;
        }
        for deployment in ["one-myapp", "two-myapp"] {
            asks_for(ns, deployment, 2).await;
        }
        for release in ["one", "two"] {
            let samples = Samples::start(ns.api(), &format!("{release}-myapp"));
            for level in ["info", "debug"] {
                let upgrade = format!(
                    "helm upgrade --reuse-values {release} ./charts/myapp --set config.LOG_LEVEL={level}"
                );
                ns.sh(&upgrade).await.succeeded();
                let manifest = ns.sh(&format!("helm get manifest {release}")).await.succeeded();
                assert!(!manifest.contains("\n  replicas:"), "{manifest}");
            }
            ns.sh(&format!("helm rollback {release}")).await.succeeded();
            assert_eq!(samples.seen(ns, 2).await, [2]);
        }
    });
}

#[test]
fn externally_scaled_replicas_survive_upgrades() {
    in_namespace(async |ns| {
        for (release, apply) in [("one", "--server-side=true"), ("two", "--server-side=false")] {
            let deployment = format!("{release}-myapp");
            let install = [&SECRET_KEY[..], &["--set", "replicaCount=3", apply]].concat();
            ns.install(release, &install).await;
            let samples = Samples::start(ns.api(), &deployment);
            let upgrade = format!("helm upgrade {release} ./charts/myapp --set config.SECRET_KEY=xyz");
            ns.sh(&format!("{upgrade} --set replicaCount=null")).await.succeeded();
            ns.sh(&format!("kubectl scale deployment {deployment} --replicas=4")).await.succeeded();
            ns.sh(&format!("{upgrade} --set replicaCount=null,config.LOG_LEVEL=info")).await.succeeded();
            let few = ns.sh(&format!("{upgrade} --set replicaCount=3")).await.refused_with(1);
            assert!(few.contains("replicaCount: 3 is fewer than the 4 pods"), "{few}");
            assert_eq!(samples.seen(ns, 4).await, [3, 4]);
            ns.uninstall(release).await;
        }
    });
}

const UPGRADE: &str = "helm upgrade --reuse-values myapp ./charts/myapp";

async fn upgrade(ns: &Namespace, values: &str) -> Outcome {
    ns.sh(&format!("{UPGRADE} --set {values}")).await
}

/// A release of 4 pods whose autoscaler was switched on and has made 5 of them.
async fn switched_on(ns: &Namespace, apply: &str) -> Samples {
    ns.install("myapp", &[&SECRET_KEY[..], &["--set", "replicaCount=4", apply]].concat()).await;
    let samples = Samples::start(ns.api(), "myapp");
    upgrade(ns, "autoscaling.enabled=true,autoscaling.minReplicas=4").await.succeeded();
    assert_eq!(rendered(ns).await, Some(4));
    upgrade(ns, "autoscaling.minReplicas=5").await.succeeded();
    asks_for(ns, "myapp", 5).await;
    upgrade(ns, "config.LOG_LEVEL=info").await.succeeded();
    ns.rolled_out("myapp").await;
    samples
}

/// Switches the autoscaler off: refused with fewer pods than run, and taken with as many.
async fn switched_off(ns: &Namespace) {
    let few = upgrade(ns, "autoscaling.enabled=false").await.refused_with(1);
    assert!(few.contains("replicaCount: 4 is fewer than the 5 pods that the autoscaler has left"), "{few}");
    upgrade(ns, "autoscaling.enabled=false,replicaCount=5").await.succeeded();
    until(ns.api::<HorizontalPodAutoscaler>(), "myapp", "to be gone", condition::gone()).await;
    ns.rolled_out("myapp").await;
}

/// The number of pods in the manifest that Helm holds of the release `myapp`.
async fn rendered(ns: &Namespace) -> Option<i32> {
    let manifest = ns.sh("helm get manifest myapp").await.succeeded();
    manifest.lines().find_map(|line| line.strip_prefix("  replicas: ")).map(|number| number.parse().unwrap())
}

async fn asks_for(ns: &Namespace, deployment: &str, replicas: i32) {
    let holds = move |found: Option<&Deployment>| found.is_some_and(|found| replicas_of(found) == replicas);
    until(ns.api::<Deployment>(), deployment, &format!("to ask for {replicas} pods"), holds).await;
}

fn replicas_of(deployment: &Deployment) -> i32 {
    deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap()
}

/// The replica counts that a Deployment requests, every 100 ms, without repetitions.
struct Samples {
    numbers: Arc<Mutex<Vec<i32>>>,
    name: String,
    sampling: JoinHandle<()>,
}

impl Samples {
    fn start(deployments: Api<Deployment>, name: &str) -> Self {
        let numbers = Arc::new(Mutex::new(Vec::new()));
        let sampling = tokio::spawn(sample(deployments, name.to_owned(), Arc::clone(&numbers)));
        Self { numbers, name: name.to_owned(), sampling }
    }

    /// Ends once the last number was seen, and returns all of them.
    async fn seen(self, ns: &Namespace, last: i32) -> Vec<i32> {
        asks_for(ns, &self.name, last).await;
        let all = async || self.numbers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let numbers =
            until_async(DEADLINE, "the last number", all, |all: &Vec<i32>| all.last() == Some(&last));
        let numbers = numbers.await;
        self.sampling.abort();
        numbers
    }
}

async fn sample(deployments: Api<Deployment>, name: String, numbers: Arc<Mutex<Vec<i32>>>) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let now = replicas_of(&deployments.get(&name).await.unwrap());
        let mut numbers = numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.last() != Some(&now) {
            numbers.push(now);
        }
    }
}
