//! A pod that stops takes no request with it.

use std::net::SocketAddr;

use e2e::harness::load::Load;
use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::{condition, until};
use k8s_openapi::api::core::v1::{Pod, Service};

use crate::support::{SECRET_KEY, pod_names};

#[test]
fn a_pod_deleted_under_load_loses_no_request_and_ends_well_within_its_grace() {
    in_namespace(async |ns| {
        ns.install("myapp", &[&SECRET_KEY[..], &["--set", "service.type=NodePort"]].concat()).await;
        let victim = &pod_names(ns, "myapp").await[0];
        let load = Load::start(node_port(ns, "myapp").await, "/config");

        ns.run("kubectl", &["delete", "pod", victim, "--wait=false"], "").await.succeeded();
        let pod = until(ns.api::<Pod>(), victim, "to end", condition::ended()).await;
        let pod = pod.unwrap_or_else(|| panic!("{victim} was gone before it was seen to end"));
        ns.rolled_out("myapp").await;
        let tally = load.stop().await;

        assert_eq!(tally.failures, Vec::<String>::new(), "beside {} answers", tally.answered);
        assert!(tally.answered > 200, "{}", tally.answered);
        let end = condition::termination(&pod).unwrap();
        assert_eq!(end.exit_code, 0);
        // Kubernetes sets the time of deletion to the end of the grace period.
        let deadline = pod.metadata.deletion_timestamp.as_ref().unwrap();
        assert!(end.finished_at.as_ref().unwrap().0 < deadline.0, "{end:?}");
    });
}

/// Where this machine reaches a Service of type NodePort.
async fn node_port(ns: &Namespace, service: &str) -> SocketAddr {
    let service = ns.api::<Service>().get(service).await.unwrap();
    let port = service.spec.unwrap().ports.unwrap()[0].node_port.unwrap();
    (ns.cluster().node_address(), u16::try_from(port).unwrap()).into()
}
