//! Evictions, as the drain of a node requests them: the budget delays them, and no request is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::{condition, until};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{EvictParams, ListParams};
use test_support::wait::until_async;
use tokio::time::sleep;

use crate::support::{SECRET_KEY, pod_names};

const REPLICAS: usize = 3;
/// The chart's default is one pod that may be away.
const MIN_REPLICAS: usize = REPLICAS - 1;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// For the successor of an evicted pod to be ready.
const SUCCESSION: Duration = Duration::from_secs(120);

#[test]
fn evictions_respect_budget_and_lose_no_request() {
    in_namespace(async |ns| {
        let replicas = format!("replicaCount={REPLICAS}");
        ns.install("myapp", &[&SECRET_KEY[..], &["--set", &replicas]].concat()).await;
        let before = pod_names(ns, "myapp").await;
        let proxied = ns.load("myapp", "/config").await;
        let direct = ns.clients("myapp", "/config").await;
        let watch = Watch::start(ns.api::<Pod>());

        for pod in &before {
            evict(ns, pod).await;
        }
        for pod in &before {
            until(ns.api::<Pod>(), pod, "to be gone", condition::gone()).await;
        }
        ns.rolled_out("myapp").await;

        let fewest = watch.stop().await;
        let proxied = proxied.stop().await;
        assert_eq!(proxied.failures, Vec::<String>::new(), "beside {} answers", proxied.answered);
        if let Some(direct) = direct {
            let tally = direct.stop().await;
            assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
            assert!(tally.told_to_close > 0, "no client was on a pod that stopped: {tally}");
            println!("{REPLICAS} evictions, {fewest} pods at least: {tally}");
        }
        assert_eq!(fewest, MIN_REPLICAS);
        let after = pod_names(ns, "myapp").await;
        assert!(after.iter().all(|pod| !before.contains(pod)), "{before:?} {after:?}");
    });
}

/// Evicts a pod as soon as the budget allows it. The client itself tries again where it is refused with a 429, for a while.
async fn evict(ns: &Namespace, pod: &str) {
    let evicted = async || match ns.api::<Pod>().evict(pod, &EvictParams::default()).await {
        Err(kube::Error::Api(refusal)) if refusal.code == 429 => Err(refusal),
        outcome => {
            outcome.unwrap_or_else(|error| panic!("{pod} cannot be evicted: {error}"));
            Ok(())
        }
    };
    until_async(SUCCESSION, &format!("{pod} to be evicted"), evicted, Result::is_ok).await.unwrap();
}

/// Counts the pods that serve again and again.
struct Watch {
    stop: Arc<AtomicBool>,
    fewest: tokio::task::JoinHandle<usize>,
}

impl Watch {
    fn start(pods: Api<Pod>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let fewest = tokio::spawn(async move {
            let mut fewest = usize::MAX;
            while !told.load(Ordering::Relaxed) {
                fewest = fewest.min(serving(&pods).await);
                sleep(BETWEEN_LOOKS).await;
            }
            fewest
        });
        Self { stop, fewest }
    }

    /// The smallest number seen.
    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.fewest.await.unwrap()
    }
}

/// Number of pods that are ready and not terminating, which is the number that a budget counts.
async fn serving(pods: &Api<Pod>) -> usize {
    let all = pods.list(&ListParams::default().labels("app.kubernetes.io/name=myapp")).await.unwrap();
    let is_staying = |pod: &&Pod| pod.metadata.deletion_timestamp.is_none();
    all.items.iter().filter(is_staying).filter(|pod| condition::is_ready_at_first_try(pod)).count()
}
