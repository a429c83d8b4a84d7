//! The controller under test, and the values and objects that publish a release through it.

use std::net::{IpAddr, SocketAddr};

use e2e::harness::clients::{self, usual};
use e2e::harness::extras::Extra;
use e2e::harness::namespace::Namespace;
use e2e::harness::wait::ARRIVAL;
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::{Value, json};
use test_support::http::strict::{Load, Server};
use test_support::wait::until_async;

use super::certificate::Certificate;

/// Status of the controller's answer to a request that no Ingress names.
pub(super) const UNKNOWN: &str = "404";

const ADDRESS_OF_THE_NODE: &str =
    "kubectl get nodes -o jsonpath='{.items[0].status.addresses[?(@.type==\"InternalIP\")].address}'";

/// The controller, found by its Service.
pub(crate) struct Controller {
    address: IpAddr,
    /// Address at which the controller itself listens.
    pub(super) address_of_the_node: IpAddr,
    /// Listeners of a Gateway have the numbers of the controller's own ports.
    pub(super) port_on_the_node: u16,
}

impl Controller {
    /// Returns `None` in a cluster without a controller.
    pub(crate) async fn find(ns: &Namespace) -> Option<Self> {
        if !Extra::Ingress.is_there() {
            return None;
        }
        let service = ns.sh("kubectl get service traefik --namespace kube-system -o json").await.succeeded();
        let service: Value = serde_json::from_str(&service).unwrap();
        let port = service["spec"]["ports"][0]["targetPort"].as_u64().unwrap();
        let node = ns.sh(ADDRESS_OF_THE_NODE).await.succeeded();
        Some(Self {
            address_of_the_node: node.parse().unwrap(),
            address: service["spec"]["clusterIP"].as_str().unwrap().parse().unwrap(),
            port_on_the_node: u16::try_from(port).unwrap(),
        })
    }

    /// Clients of `/config` of a host that is served.
    pub(crate) async fn clients(&self, host: &str) -> Load {
        let server = Server::Named { address: SocketAddr::new(self.address, 80), host: host.to_owned() };
        let load = clients::start(&server, &usual("/config")).await;
        load.unwrap_or_else(|| panic!("{host} is not answered at {}", self.address))
    }

    /// Waits until a path of a host is answered with a status.
    pub(super) async fn until(&self, ns: &Namespace, host: &str, path: &str, status: &str) {
        let what = format!("{host}{path} to be answered with {status}");
        until_async(ARRIVAL, &what, async || self.status(ns, host, path).await, |answer| answer == status)
            .await;
    }

    /// Makes the controller load its configuration twice: each Ingress that comes or goes has that effect.
    pub(super) async fn reload(&self, ns: &Namespace, host: &str) {
        let second = format!("second-{host}");
        create_ingress(ns, "second", &second, "myapp").await;
        self.until(ns, &second, "/healthz", "200").await;
        ns.sh("kubectl delete ingress second").await.succeeded();
        self.until(ns, &second, "/healthz", UNKNOWN).await;
    }

    pub(super) async fn status(&self, ns: &Namespace, host: &str, path: &str) -> String {
        // Where nothing answers the status is 000.
        ns.sh(&self.curl(host, path, "--output /dev/null --write-out '%{http_code}'")).await.stdout
    }

    pub(super) async fn get(&self, ns: &Namespace, host: &str, path: &str) -> String {
        ns.sh(&self.curl(host, path, "")).await.succeeded()
    }

    pub(super) fn curl(&self, host: &str, path: &str, more: &str) -> String {
        format!("curl --silent --max-time 5 --header 'Host: {host}' {more} http://{}{path}", self.address)
    }

    /// The status of an answer by TLS that is trusted by `certificate` alone; 000 where it is not.
    pub(super) async fn verified(&self, ns: &Namespace, host: &str, certificate: &Certificate) -> String {
        self.by_tls(ns, host, &format!("--cacert {}", certificate.path("crt"))).await
    }

    /// The status of an answer by TLS, whatever the certificate.
    pub(super) async fn unverified(&self, ns: &Namespace, host: &str) -> String {
        self.by_tls(ns, host, "--insecure").await
    }

    async fn by_tls(&self, ns: &Namespace, host: &str, trust: &str) -> String {
        let name = format!("--resolve {host}:443:{}", self.address);
        let status = "--output /dev/null --write-out '%{http_code}'";
        ns.sh(&format!("curl --silent --max-time 5 {trust} {name} {status} https://{host}/config"))
            .await
            .stdout
    }
}

/// Values that publish a release through an Ingress.
pub(crate) fn published(host: &str, path: &str) -> Vec<String> {
    vec![
        "ingress.enabled=true".to_owned(),
        "ingress.className=traefik".to_owned(),
        format!("ingress.hosts[0].host={host}"),
        format!("ingress.hosts[0].paths[0].path={path}"),
        "ingress.hosts[0].paths[0].pathType=Prefix".to_owned(),
    ]
}

/// A name that no other test has.
pub(crate) fn host(ns: &Namespace) -> String {
    format!("{}.test", ns.name())
}

pub(super) fn as_arguments(values: &[String]) -> Vec<&str> {
    values.iter().flat_map(|value| ["--set", value]).collect()
}

/// Creates an Ingress past the chart, for all paths of a host.
pub(super) async fn create_ingress(ns: &Namespace, name: &str, host: &str, service: &str) {
    let backend = json!({ "service": { "name": service, "port": { "name": "http" } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    ns.create_object::<Ingress>(json!({
        "metadata": { "name": name },
        "spec": { "ingressClassName": "traefik", "rules": [{ "host": host, "http": { "paths": paths } }] },
    }))
    .await;
}
