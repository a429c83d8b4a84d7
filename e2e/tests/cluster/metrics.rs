//! An autoscaler on the metrics of real pods: it adds pods under load, takes them away after it, and no request is lost.

use e2e::harness::clients::kind;
use e2e::harness::extras::Extra;
use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::ARRIVAL;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use test_support::wait::until_async;

use crate::support::SECRET_KEY;

const MIN_REPLICAS: i32 = 2;
const MAX_REPLICAS: i32 = 4;

#[test]
fn autoscaling_up_and_down_loses_no_request() {
    in_namespace(async |ns| {
        if !Extra::Metrics.is_there() {
            return;
        }
        let (fewest, most) = (
            format!("autoscaling.minReplicas={MIN_REPLICAS}"),
            format!("autoscaling.maxReplicas={MAX_REPLICAS}"),
        );
        // An answer costs so little that a machine at work on other tests sends too few of them for the chart's own request.
        let request = "resources.requests.cpu=10m";
        // Windows as short as the metrics allow, which are of 15 s each.
        let down = r#"autoscaling.behavior.scaleDown={"stabilizationWindowSeconds":15,"policies":[{"type":"Pods","value":4,"periodSeconds":15}]}"#;
        let values = [
            "--set",
            "autoscaling.enabled=true",
            "--set",
            request,
            "--set",
            &fewest,
            "--set",
            &most,
            "--set-json",
            down,
        ];
        ns.install("myapp", &[&SECRET_KEY[..], &values].concat()).await;
        let known = until_async(
            ARRIVAL,
            "the load of the pods to be known",
            async || load(ns).await,
            Option::is_some,
        )
        .await;
        let at_rest = |now: &(i32, i32)| *now == (MIN_REPLICAS, MIN_REPLICAS);
        until_async(ARRIVAL, "the fewest pods to serve", async || replicas(ns).await, at_rest).await;

        let proxied = ns.load("myapp", "/config").await;
        let seldom = [kind("every second", "/config", 1, 4), kind("long idle", "/config", 29, 4)];
        let patient = ns.clients_of("myapp", &seldom).await.unwrap();
        let hasty = ns.clients_of("myapp", &[kind("without pause", "/config", 0, 4)]).await.unwrap();
        let (wanted, ready) = until_async(
            ARRIVAL,
            "pods to be added",
            async || replicas(ns).await,
            |(wanted, ready)| *wanted > MIN_REPLICAS && ready == wanted,
        )
        .await;
        let under_load = load(ns).await;
        let hasty = hasty.stop().await;
        // The load through the API server is one, too.
        let proxied = proxied.stop().await;
        until_async(ARRIVAL, "pods to be removed", async || replicas(ns).await, at_rest).await;
        let patient = patient.stop().await;

        assert_eq!(proxied.failures, Vec::<String>::new(), "beside {} answers", proxied.answered);
        assert_eq!(hasty.failures, Vec::<String>::new(), "{hasty}");
        assert_eq!(patient.failures, Vec::<String>::new(), "{patient}");
        println!(
            "from {known:?} to {under_load:?} percent: {MIN_REPLICAS}, {ready} of {wanted}, {MIN_REPLICAS} pods; {hasty}; {patient}"
        );
    });
}

/// The mean CPU time of the pods in percent of what they request, as the autoscaler knows it.
async fn load(ns: &Namespace) -> Option<i32> {
    let scaler = ns.api::<HorizontalPodAutoscaler>().get("myapp").await.unwrap();
    let metrics = scaler.status?.current_metrics?;
    metrics.first()?.resource.as_ref()?.current.average_utilization
}

/// The pods that are to be, and those that are and serve; the latter none while others are there too.
async fn replicas(ns: &Namespace) -> (i32, i32) {
    let deployment = ns.api::<Deployment>().get("myapp").await.unwrap();
    let (spec, status) = (deployment.spec.unwrap(), deployment.status.unwrap());
    let (all, ready) = (status.replicas.unwrap_or_default(), status.ready_replicas.unwrap_or_default());
    (spec.replicas.unwrap_or_default(), if all == ready { ready } else { 0 })
}
