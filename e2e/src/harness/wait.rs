//! Waiting for named conditions of objects, over watches. What cannot be watched is polled, by [`test_support::wait`].

use std::fmt::Debug;
use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use kube::runtime::wait::{Condition, await_condition};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

/// Many times what anything here takes on two slow cores.
pub const DEADLINE: Duration = Duration::from_secs(90);
/// For a changed ConfigMap or Secret to be in force in the pods: a kubelet with stock settings was seen to take 90 s.
pub const ARRIVAL: Duration = Duration::from_secs(180);

/// The object `name` once `condition` holds; nothing when the condition is that it is gone. `what` completes the sentence
/// "waited 90 s for …".
pub async fn until<K>(api: Api<K>, name: &str, what: &str, condition: impl Condition<K>) -> Option<K>
where
    K: Clone + Debug + Send + DeserializeOwned + Resource + 'static,
{
    match tokio::time::timeout(DEADLINE, await_condition(api, name, condition)).await {
        Ok(Ok(object)) => object,
        Ok(Err(error)) => panic!("watching {name}: {error}"),
        Err(_) => panic!("waited {} s for {name} {what}", DEADLINE.as_secs()),
    }
}

/// The first object selected by `labels` for which `holds` is true.
pub async fn until_any<K>(api: Api<K>, labels: &str, what: &str, holds: impl Fn(&K) -> bool) -> K
where
    K: Clone + Debug + Send + DeserializeOwned + Resource + 'static,
{
    let objects = watcher(api, watcher::Config::default().labels(labels)).default_backoff().applied_objects();
    let mut matching = pin!(objects.try_filter(|object| std::future::ready(holds(object))));
    match tokio::time::timeout(DEADLINE, matching.next()).await {
        Ok(Some(Ok(object))) => object,
        Ok(Some(Err(error))) => panic!("watching {labels}: {error}"),
        Ok(None) => panic!("the watch of {labels} ended"),
        Err(_) => panic!("waited {} s for one of {labels} {what}", DEADLINE.as_secs()),
    }
}

/// Conditions by name.
pub mod condition {
    use k8s_openapi::api::apps::v1::Deployment;
    use k8s_openapi::api::core::v1::{ContainerStateTerminated, Pod};
    use kube::runtime::wait::Condition;

    /// All replicas are of the latest revision and available, and none of an earlier one is left serving.
    pub fn rolled_out() -> impl Condition<Deployment> {
        |deployment: Option<&Deployment>| {
            let Some(deployment) = deployment else { return false };
            let (Some(spec), Some(status)) = (&deployment.spec, &deployment.status) else { return false };
            let wanted = spec.replicas.unwrap_or(1);
            status.observed_generation >= deployment.metadata.generation
                && [
                    status.replicas,
                    status.updated_replicas,
                    status.ready_replicas,
                    status.available_replicas,
                ]
                .iter()
                .all(|count| count.unwrap_or_default() == wanted)
        }
    }

    /// The object does not exist.
    pub fn gone<K>() -> impl Condition<K> {
        |object: Option<&K>| object.is_none()
    }

    /// The service's container has ended for good, or the pod is gone unseen.
    pub fn ended() -> impl Condition<Pod> {
        |pod: Option<&Pod>| pod.is_none_or(|pod| termination(pod).is_some())
    }

    /// Termination of the pod's container, the current one or the one before its restart.
    pub fn termination(pod: &Pod) -> Option<&ContainerStateTerminated> {
        let status = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
        let states = [&status.state, &status.last_state];
        states.into_iter().flatten().find_map(|state| state.terminated.as_ref())
    }

    /// Returns true if the pod's container runs, is ready and was never restarted.
    pub fn is_ready_at_first_try(pod: &Pod) -> bool {
        let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
        let good = |statuses: &Vec<_>| !statuses.is_empty() && statuses.iter().all(is_good);
        statuses.is_some_and(good)
    }

    fn is_good(status: &k8s_openapi::api::core::v1::ContainerStatus) -> bool {
        status.ready && status.started == Some(true) && status.restart_count == 0
    }
}
