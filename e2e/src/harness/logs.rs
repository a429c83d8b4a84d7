//! The logs of all of the service's pods, followed from their first line, so that those of deleted pods are there too.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{AsyncBufReadExt as _, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;
use tokio::sync::Notify;

use super::wait::DEADLINE;

/// Label that only pods of the Deployment carry.
const SERVICE_LABEL: &str = "app.kubernetes.io/name=myapp";

/// One line and the pod that wrote it.
#[derive(Clone, Debug)]
pub struct Line {
    pub pod: String,
    pub text: String,
}

/// Everything that was written so far.
#[derive(Clone, Default)]
pub struct Logs {
    lines: Arc<Mutex<Vec<Line>>>,
    expected: Arc<Mutex<Vec<&'static str>>>,
    /// Notified of every new line.
    grown: Arc<Notify>,
}

impl Logs {
    /// Starts to follow the pods of a namespace, for as long as the runtime lives.
    pub fn follow(client: Client, namespace: &str) -> Self {
        let logs = Self::default();
        tokio::spawn(logs.clone().watch(Api::namespaced(client, namespace)));
        logs
    }

    /// Registers lines that contain `part` as expected, not as faults.
    pub fn expect(&self, part: &'static str) {
        guard(&self.expected).push(part);
    }

    pub fn lines(&self) -> Vec<Line> {
        guard(&self.lines).clone()
    }

    /// Waits for a line from a pod with `part` in it, written before or after this call.
    pub async fn until(&self, pod: &str, part: &str) {
        let contains = |text: &str| text.contains(part).then_some(());
        self.first(pod, part, DEADLINE, contains).await;
    }

    /// The first event of a pod for which `holds` is true, logged before or after this call.
    pub async fn until_event(
        &self,
        pod: &str,
        what: &str,
        deadline: Duration,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        self.first(pod, what, deadline, |text| serde_json::from_str(text).ok().filter(&holds)).await
    }

    async fn first<T>(
        &self,
        pod: &str,
        what: &str,
        deadline: Duration,
        find: impl Fn(&str) -> Option<T>,
    ) -> T {
        let appeared = async {
            loop {
                let grown = self.grown.notified();
                let lines = self.lines();
                let of_pod = lines.iter().filter(|line| line.pod == pod);
                if let Some(found) = of_pod.map(|line| &line.text).find_map(|text| find(text)) {
                    return found;
                }
                grown.await;
            }
        };
        let in_time = tokio::time::timeout(deadline, appeared).await;
        in_time.unwrap_or_else(|_| panic!("waited {} s for {pod} to log {what}", deadline.as_secs()))
    }

    /// The lines of unexpected faults: of level ERROR, or not JSON at all, as a panic's message is.
    pub fn faults(&self) -> Vec<Line> {
        let expected = guard(&self.expected).clone();
        let is_expected = |line: &Line| expected.iter().any(|part| line.text.contains(part));
        self.lines().into_iter().filter(|line| is_fault(&line.text) && !is_expected(line)).collect()
    }

    async fn watch(self, pods: Api<Pod>) {
        let config = watcher::Config::default().labels(SERVICE_LABEL);
        let mut seen = BTreeSet::new();
        let mut changes = Box::pin(watcher(pods.clone(), config).default_backoff().applied_objects());
        while let Some(change) = changes.next().await {
            let Ok(pod) = change else { continue };
            // A restarted container has another id.
            let Some(container) = started_container(&pod) else { continue };
            if seen.insert(container) {
                tokio::spawn(self.clone().read(pods.clone(), pod.name_any()));
            }
        }
    }

    async fn read(self, pods: Api<Pod>, pod: String) {
        let keep = |text| {
            guard(&self.lines).push(Line { pod: pod.clone(), text });
            self.grown.notify_waiters();
        };
        let stream = match pods.log_stream(&pod, &LogParams { follow: true, ..LogParams::default() }).await {
            Ok(stream) => stream,
            Err(error) => return keep(format!("(this log cannot be read: {error})")),
        };
        let mut lines = stream.lines();
        // The stream breaks off when the pod's sandbox is removed; what was written before has been read by then.
        while let Ok(Some(text)) = lines.try_next().await {
            keep(text);
        }
    }
}

fn is_fault(line: &str) -> bool {
    match serde_json::from_str::<Value>(line) {
        Ok(event) => event["level"] == "ERROR",
        Err(_) => true,
    }
}

fn started_container(pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
    let state = status.state.as_ref()?;
    let started = state.running.is_some() || state.terminated.is_some();
    status.container_id.clone().filter(|_| started)
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_plain_text_are_faults_unless_expected() {
        let logs = Logs::default();
        for text in
            [r#"{"level":"INFO"}"#, r#"{"level":"ERROR","message":"disk full"}"#, "thread 'main' panicked"]
        {
            guard(&logs.lines).push(Line { pod: "p".into(), text: text.into() });
        }
        assert_eq!(logs.faults().len(), 2);
        logs.expect("disk full");
        assert_eq!(logs.faults().len(), 1);
    }
}
