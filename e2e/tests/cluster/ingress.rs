//! The service through an Ingress and through a Gateway, served by a controller that nobody here wrote.

use std::net::{IpAddr, SocketAddr};

use e2e::harness::clients::{self, usual};
use e2e::harness::extras::Extra;
use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::{condition, until, until_answer};
use k8s_openapi::api::core::v1::{Pod, Secret};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::{Value, json};
use strict_clients::{Load, Server};

use crate::support::{PUBLIC_PORT, SECRET_KEY, pod_names};

/// What the walk-through's `curl` prints.
const MASKED: &str = concat!(
    r#"{"API_BASE_URL":"/","DB_PASSWORD":"********","LOG_LEVEL":"error","MAX_CONNECTIONS":"30","SECRET_KEY":"********","message":"Config and secrets accessed"}"#,
    "\n"
);

/// What a controller answers for what no Ingress names.
const UNKNOWN: &str = "404";

#[test]
fn host_and_path_lead_to_the_bytes_of_the_walkthrough() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let secrets = ["--set", "config.SECRET_KEY=xyz", "--set", "config.DB_PASSWORD=p123"];
        ns.install("myapp", &[&secrets, &as_arguments(&published(&host, "/"))[..]].concat()).await;
        controller.until(ns, &host, "/config", "200").await;
        assert_eq!(controller.get(ns, &host, "/config").await, MASKED);
        assert_eq!(controller.status(ns, "other.test", "/config").await, UNKNOWN);
        let reached = "kubectl get ingress myapp -o jsonpath='{.status.loadBalancer.ingress[0].ip}'";
        assert!(ns.sh(reached).await.succeeded().parse::<IpAddr>().is_ok(), "it says where it is served");

        // By path, which no proxy has to take off.
        let below =
            published(&host, "/shop").iter().map(|value| format!("--set {value}")).collect::<Vec<_>>();
        let upgrade = "helm upgrade --reuse-values myapp ./charts/myapp --set config.API_BASE_URL=/shop";
        ns.sh(&format!("{upgrade} {}", below.join(" "))).await.succeeded();
        controller.until(ns, &host, "/config", UNKNOWN).await;
        let expected = MASKED.replacen(r#""/""#, r#""/shop""#, 1);
        let ask = async || controller.get(ns, &host, "/shop/config").await;
        until_answer("the new path to be in force", ask, |answer| *answer == expected).await;
        let pod = &pod_names(ns, "myapp").await[0];
        assert_eq!(ns.get(pod, PUBLIC_PORT, "/config").await, expected);
    });
}

#[test]
fn rolling_updates_and_reloads_of_the_controller_lose_no_request() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        ns.install("myapp", &[&SECRET_KEY[..], &as_arguments(&published(&host, "/"))].concat()).await;
        controller.until(ns, &host, "/config", "200").await;
        let load = controller.clients(&host).await;

        let before = pod_names(ns, "myapp").await;
        ns.sh("kubectl rollout restart deployment/myapp").await.succeeded();
        ns.rolled_out("myapp").await;
        for pod in before {
            until(ns.api::<Pod>(), &pod, "to be gone", condition::gone()).await;
        }
        // Each Ingress that comes or goes makes the controller load its configuration anew.
        let second = format!("second-{host}");
        let backend = json!({ "service": { "name": "myapp", "port": { "name": "http" } } });
        let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
        ns.create_object::<Ingress>(json!({
            "metadata": { "name": "second" },
            "spec": { "ingressClassName": "traefik", "rules": [{ "host": second, "http": { "paths": paths } }] },
        }))
        .await;
        controller.until(ns, &second, "/config", "200").await;
        ns.sh("kubectl delete ingress second").await.succeeded();
        controller.until(ns, &second, "/config", UNKNOWN).await;

        let tally = load.stop().await;
        assert_eq!(tally.failures, Vec::<String>::new(), "{tally}");
        assert!(tally.answered("without pause") > 100, "{tally}");
        println!("a rolling update and two reloads behind the controller: {tally}");
    });
}

#[test]
fn tls_by_a_secret_is_served_and_a_new_certificate_taken() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let folder = tempfile::tempdir().unwrap();
        let certificates = ["first", "second"].map(|name| Certificate::make(folder.path(), name, &host));
        let secret = json!({ "tls.crt": certificates[0].text(), "tls.key": certificates[0].key() });
        ns.create_object::<Secret>(json!({
            "metadata": { "name": "shown" }, "type": "kubernetes.io/tls", "stringData": secret,
        }))
        .await;
        let tls = ["ingress.tls[0].secretName=shown".to_owned(), format!("ingress.tls[0].hosts[0]={host}")];
        let values = [published(&host, "/"), tls.to_vec()].concat();
        ns.install("myapp", &[&SECRET_KEY[..], &as_arguments(&values)].concat()).await;

        let verified = async |certificate: &Certificate| controller.verified(ns, &host, certificate).await;
        let is_served = |status: &String| status == "200";
        until_answer("the certificate to be shown", async || verified(&certificates[0]).await, is_served)
            .await;
        assert_ne!(verified(&certificates[1]).await, "200", "the other certificate is not trusted yet");
        let patch = json!({ "stringData": {
            "tls.crt": certificates[1].text(), "tls.key": certificates[1].key(),
        } });
        ns.run("kubectl", &["patch", "secret", "shown", "-p", &patch.to_string()], "").await.succeeded();
        until_answer("the new certificate to be shown", async || verified(&certificates[1]).await, is_served)
            .await;
    });
}

#[test]
fn an_httproute_is_accepted_by_the_real_definitions_and_served() {
    in_namespace(async |ns| {
        let Some(controller) = Controller::find(ns).await else { return };
        let host = host(ns);
        let gateway = json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": { "name": "gateway" },
            "spec": {
                "gatewayClassName": "traefik",
                "listeners": [{ "name": "http", "protocol": "HTTP", "port": controller.port_on_the_node }],
            },
        });
        ns.run("kubectl", &["create", "--filename=-"], &gateway.to_string()).await.succeeded();
        let rules = json!([{
            "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
            "filters": [{
                "type": "ResponseHeaderModifier",
                "responseHeaderModifier": { "set": [{ "name": "x-way", "value": "gateway" }] },
            }],
        }]);
        let rules = format!("httpRoute.rules={rules}");
        let hostname = format!("httpRoute.hostnames[0]={host}");
        let values = ["--set", "httpRoute.enabled=true", "--set", &hostname, "--set-json", &rules];
        ns.install("myapp", &[&SECRET_KEY[..], &values].concat()).await;

        let ask = async || {
            let route = ns.sh("kubectl get httproute myapp -o json").await.succeeded();
            serde_json::from_str::<Value>(&route).unwrap()["status"]["parents"][0]["conditions"].clone()
        };
        let holds = |conditions: &Value, kind: &str| {
            let mut conditions = conditions.as_array().into_iter().flatten();
            conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
        };
        let is_accepted =
            |conditions: &Value| holds(conditions, "Accepted") && holds(conditions, "ResolvedRefs");
        until_answer("the route to be accepted", ask, is_accepted).await;
        controller.until(ns, &host, "/config", "200").await;
        let shown = ns.sh(&controller.curl(&host, "/config", "--include")).await.succeeded();
        assert!(shown.to_lowercase().contains("x-way: gateway"), "{shown}");
        assert!(shown.contains("Config and secrets accessed"), "{shown}");
    });
}

/// The controller, as its Service leads to it.
pub(crate) struct Controller {
    address: IpAddr,
    /// Listeners of a Gateway have the numbers of the controller's own ports.
    port_on_the_node: u16,
}

impl Controller {
    /// None in a cluster without one.
    pub(crate) async fn find(ns: &Namespace) -> Option<Self> {
        if !Extra::Ingress.is_there() {
            return None;
        }
        let service = ns.sh("kubectl get service traefik --namespace kube-system -o json").await.succeeded();
        let service: Value = serde_json::from_str(&service).unwrap();
        let port = service["spec"]["ports"][0]["targetPort"].as_u64().unwrap();
        Some(Self {
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
    pub(crate) async fn until(&self, ns: &Namespace, host: &str, path: &str, status: &str) {
        let what = format!("{host}{path} to be answered with {status}");
        until_answer(&what, async || self.status(ns, host, path).await, |answer| answer == status).await;
    }

    async fn status(&self, ns: &Namespace, host: &str, path: &str) -> String {
        // Where nothing answers the status is 000.
        ns.sh(&self.curl(host, path, "--output /dev/null --write-out '%{http_code}'")).await.stdout
    }

    async fn get(&self, ns: &Namespace, host: &str, path: &str) -> String {
        ns.sh(&self.curl(host, path, "")).await.succeeded()
    }

    fn curl(&self, host: &str, path: &str, more: &str) -> String {
        format!("curl --silent --max-time 5 --header 'Host: {host}' {more} http://{}{path}", self.address)
    }

    /// The status of an answer by TLS that is trusted by `certificate` alone; 000 where it is not.
    async fn verified(&self, ns: &Namespace, host: &str, certificate: &Certificate) -> String {
        let trust = format!("--cacert {} --resolve {host}:443:{}", certificate.path("crt"), self.address);
        let status = "--output /dev/null --write-out '%{http_code}'";
        ns.sh(&format!("curl --silent --max-time 5 {trust} {status} https://{host}/config")).await.stdout
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

fn as_arguments(values: &[String]) -> Vec<&str> {
    values.iter().flat_map(|value| ["--set", value]).collect()
}

/// A certificate that is its own authority, and its key.
struct Certificate(std::path::PathBuf);

impl Certificate {
    fn make(folder: &std::path::Path, name: &str, host: &str) -> Self {
        let made = Self(folder.join(name));
        let output = std::process::Command::new("openssl")
            .args(["req", "-x509", "-days", "2", "-noenc", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-subj", "/CN=test", "-addext"])
            .arg(format!("subjectAltName=DNS:{host}"))
            .args(["-keyout", &made.path("key"), "-out", &made.path("crt")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        made
    }

    fn path(&self, end: &str) -> String {
        self.0.with_extension(end).to_str().unwrap().to_owned()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path("crt")).unwrap()
    }

    fn key(&self) -> String {
        std::fs::read_to_string(self.path("key")).unwrap()
    }
}
