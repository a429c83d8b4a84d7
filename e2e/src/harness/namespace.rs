//! A namespace per test, which enforces Pod Security `restricted`, prints its objects when the test fails, and is removed with
//! the test.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt as _;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{self as core, Pod};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tempfile::TempDir;
use test_support::http::strict::Kind;
use tokio::process::Command;

use super::clients;
use super::cluster::Cluster;
use super::command::{self, Background, Outcome};
use super::load::Load;
use super::logs::Logs;
use super::wait::{condition, until};
use crate::helm::chart_dir;

/// Variable that preserves the namespaces of failed tests.
pub const KEEP_VARIABLE: &str = "E2E_KEEP";
const LABEL: &str = "app.kubernetes.io/part-of";
const LABEL_VALUE: &str = "myapp-e2e";

/// Namespace and logs of one test in the cluster.
pub struct Namespace {
    name: String,
    cluster: Cluster,
    kubeconfig: OsString,
    _folder: TempDir,
    /// Logs of the service's pods, from the first line.
    pub logs: Logs,
}

/// Runs a test in a namespace of its own. A line of level ERROR that the test did not expect fails it, too.
pub fn in_namespace(test: impl AsyncFnOnce(&Namespace)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(async {
        let namespace = Namespace::create().await;
        let body = async {
            test(&namespace).await;
            let faults = namespace.logs.faults();
            assert!(faults.is_empty(), "the service complained: {faults:#?}");
        };
        let outcome = AssertUnwindSafe(body).catch_unwind().await;
        if outcome.is_err() {
            namespace.report().await;
        }
        if outcome.is_ok() || std::env::var_os(KEEP_VARIABLE).is_none() {
            namespace.delete().await;
        }
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    });
}

/// Runs a test in a namespace of its own that has a neighbour.
pub fn in_two_namespaces(test: impl AsyncFnOnce(&Namespace, &Namespace)) {
    in_namespace(async |namespace| {
        let neighbour = Namespace::create().await;
        let outcome = AssertUnwindSafe(test(namespace, &neighbour)).catch_unwind().await;
        if outcome.is_err() {
            neighbour.report().await;
        }
        if outcome.is_ok() || std::env::var_os(KEEP_VARIABLE).is_none() {
            neighbour.delete().await;
        }
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    });
}

impl Namespace {
    async fn create() -> Self {
        let cluster = Cluster::from_environment().await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
        let name = format!("myapp-e2e-{}", random_suffix());
        let object = json!({
            "metadata": {
                "name": name,
                "labels": { LABEL: LABEL_VALUE, "pod-security.kubernetes.io/enforce": "restricted" },
                "annotations": { "myapp-e2e/test": test_name() },
            },
        });
        let object = core::Namespace::deserialize(object).unwrap_or_else(|error| panic!("{error}"));
        let api: Api<core::Namespace> = Api::all(cluster.client());
        api.create(&PostParams::default(), &object).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let kubeconfig =
            cluster.kubeconfig_for(&name, folder.path()).unwrap_or_else(|error| panic!("{error}"));
        let logs = Logs::follow(cluster.client(), &name);
        Self { name, cluster, kubeconfig, _folder: folder, logs }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The objects of one kind in this namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client(), &self.name)
    }

    /// All objects of one kind in this namespace that carry `labels`.
    pub async fn list<K>(&self, labels: &str) -> Vec<K>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + std::fmt::Debug + DeserializeOwned,
        K::DynamicType: Default,
    {
        let list = self.api::<K>().list(&ListParams::default().labels(labels)).await;
        list.unwrap_or_else(|error| panic!("cannot list {labels}: {error}")).items
    }

    /// Puts an object here.
    pub async fn create_object<K>(&self, object: serde_json::Value)
    where
        K: Resource<Scope = NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned
            + serde::Serialize,
        K::DynamicType: Default,
    {
        let object = K::deserialize(object).unwrap_or_else(|error| panic!("{error}"));
        let created = self.api::<K>().create(&PostParams::default(), &object).await;
        created.unwrap_or_else(|error| panic!("cannot create {}: {error}", object.name_any()));
    }

    /// Runs lines of a shell as a person would in the checkout's root folder, with this namespace as the current one.
    pub async fn sh(&self, script: &str) -> Outcome {
        command::run(self.shell(script), "").await
    }

    /// A shell that has not been started yet.
    pub fn shell(&self, script: &str) -> Command {
        let mut shell = self.program("sh");
        shell.args(["-c", script]);
        shell
    }

    /// Runs `program` with `arguments`, and `input` on its stdin.
    pub async fn run(&self, program: &str, arguments: &[&str], input: &str) -> Outcome {
        let mut command = self.program(program);
        command.args(arguments);
        command::run(command, input).await
    }

    /// Installs the chart with more arguments and waits until all of its pods serve. Returns Helm's output.
    pub async fn install(&self, release: &str, arguments: &[&str]) -> String {
        let command = [&["install", release, "charts/myapp"], arguments].concat();
        let said = self.run("helm", &command, "").await.succeeded();
        self.rolled_out(&deployment_of(release)).await;
        said
    }

    /// Removes a release. Helm deletes ConfigMap and Secret at once, and the kubelet may show that to pods that have not ended yet.
    pub async fn uninstall(&self, release: &str) {
        self.logs.expect("was there at the last read and is gone");
        self.run("helm", &["uninstall", release, "--wait"], "").await.succeeded();
    }

    /// Waits until all pods of a Deployment are of its latest revision and serve.
    pub async fn rolled_out(&self, deployment: &str) {
        until(self.api::<Deployment>(), deployment, "to be rolled out", condition::rolled_out()).await;
    }

    /// The pods of a release that are not terminating, by name.
    pub async fn pods(&self, release: &str) -> Vec<Pod> {
        // Without the name label it is the pod of `helm test`, which is no replica.
        let labels = format!("app.kubernetes.io/instance={release},app.kubernetes.io/name");
        let pods = self.list::<Pod>(&labels).await;
        let mut staying: Vec<Pod> =
            pods.into_iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).collect();
        staying.sort_by_key(ResourceExt::name_any);
        staying
    }

    /// The successful answer of a pod's port for a path, requested through the API server.
    pub async fn get(&self, pod: &str, port: u16, path: &str) -> String {
        self.proxied(&format!("pods/{pod}:{port}"), path).await
    }

    /// The successful answer of a Service for a path, from any of its pods.
    pub async fn get_from_service(&self, service: &str, path: &str) -> String {
        self.proxied(&format!("services/{service}:http"), path).await
    }

    /// Forwards a port of a pod to this machine for as long as the second return value lives. The first one is the address to
    /// use in URLs.
    pub async fn forward(&self, pod: &str, port: u16) -> (String, Background) {
        // kubectl picks a free port of this machine.
        let command = self.shell(&format!("exec kubectl port-forward {pod} :{port}"));
        let forward = Background::start(command, "Forwarding from 127.0.0.1:").await;
        let address = forward.announced.split_whitespace().nth(2).unwrap_or_default().to_owned();
        (address, forward)
    }

    /// Starts a load on a path of a Service.
    pub async fn load(&self, service: &str, path: &str) -> Load {
        Load::start(&self.client(), &self.proxy_uri(&format!("services/{service}:http"), path)).await
    }

    /// Starts clients that connect to a Service themselves; none where this machine has no way to it.
    pub async fn clients(
        &self,
        service: &str,
        path: &'static str,
    ) -> Option<test_support::http::strict::Load> {
        self.clients_of(service, &clients::usual(path)).await
    }

    /// The same with clients of these kinds.
    pub async fn clients_of(
        &self,
        service: &str,
        kinds: &[Kind],
    ) -> Option<test_support::http::strict::Load> {
        let found = self.api::<core::Service>().get(service).await;
        let found = found.unwrap_or_else(|error| panic!("{service}: {error}"));
        let clients = match clients::server(&found) {
            Some(server) => clients::start(&server, kinds).await,
            None => None,
        };
        if clients.is_none() {
            print(&format!(
                "{service} cannot be reached from this machine: tested through the API server alone"
            ));
        }
        clients
    }

    fn proxy_uri(&self, target: &str, path: &str) -> String {
        format!("/api/v1/namespaces/{}/{target}/proxy{path}", self.name)
    }

    async fn proxied(&self, target: &str, path: &str) -> String {
        let uri = self.proxy_uri(target, path);
        let request =
            http::Request::get(&uri).body(Vec::new()).unwrap_or_else(|error| panic!("{uri}: {error}"));
        self.client().request_text(request).await.unwrap_or_else(|error| panic!("{uri}: {error}"))
    }

    fn client(&self) -> Client {
        self.cluster.client()
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.env("KUBECONFIG", &self.kubeconfig).current_dir(chart_dir().join("../.."));
        command
    }

    /// Prints what a person would look at first.
    async fn report(&self) {
        let described = self
            .sh("kubectl get all; kubectl describe pods; kubectl get events --sort-by=.lastTimestamp")
            .await;
        let lines: Vec<String> =
            self.logs.lines().into_iter().map(|line| format!("{}: {}", line.pod, line.text)).collect();
        print(&format!(
            "namespace {} of test {}\n{}{}",
            self.name,
            test_name(),
            described.stdout,
            described.stderr
        ));
        print(&format!("logs\n{}", lines.join("\n")));
    }

    /// Returns at once; Kubernetes takes away what is inside in its own time.
    async fn delete(&self) {
        let api: Api<core::Namespace> = Api::all(self.client());
        if let Err(error) = api.delete(&self.name, &DeleteParams::background()).await {
            print(&format!("namespace {} is left over: {error}", self.name));
        }
    }
}

/// The name that the chart gives a release's Deployment.
pub fn deployment_of(release: &str) -> String {
    if release.contains("myapp") { release.to_owned() } else { format!("{release}-myapp") }
}

#[expect(clippy::print_stderr, reason = "a failed test shows what it was that failed")]
fn print(text: &str) {
    eprintln!("{text}");
}

/// The test runner names its threads after the tests.
fn test_name() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

fn random_suffix() -> String {
    let number = getrandom::u32().unwrap_or_else(|error| panic!("no randomness: {error}"));
    format!("{number:08x}")
}
