//! The components' configuration files. All are JSON, which is YAML as well, but for containerd's.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::certificates::AUTHORITY;
use super::images;
use super::layout::{
    CGROUP, CLUSTER_DOMAIN, CONTEXT, DNS_SERVICE, NODE, NODE_ADDRESS, POD_RANGE, Record, State, port,
};

/// The users of the API that have a kubeconfig; each has a certificate of the same name.
const USERS: [&str; 7] = [
    "admin",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "metrics-server",
    "traefik",
];

/// Interval at which the kubelet updates ConfigMaps and Secrets in pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kubelet {
    /// Within about a second.
    Quick,
    /// Upstream's default: up to a minute and a half.
    Stock,
}

/// Written down for [`Kubelet::Quick`] only.
const SYNC_FREQUENCY: &str = "syncFrequency";
const KUBELET_FILE: &str = "kubelet.json";
/// Traefik takes JSON by the name of YAML only.
pub(super) const REWRITES_FILE: &str = "traefik-rewrites.yaml";

pub(super) fn write(state: &State, resolvers: &[String], pace: Kubelet) -> Result<()> {
    for user in USERS {
        write_json(&state.kubeconfig(user), &kubeconfig(state, user))?;
    }
    write_json(&state.config("cni/10-pods.conflist"), &pod_network())?;
    write_json(&state.config(KUBELET_FILE), &kubelet(state, pace))?;
    write_json(&state.config("kube-proxy.json"), &kube_proxy(state))?;
    write_json(&state.config(REWRITES_FILE), &rewrites())?;
    write_text(&state.config("containerd.toml"), &containerd(state))?;
    let lines: String = resolvers.iter().map(|address| format!("nameserver {address}\n")).collect();
    write_text(&state.config("resolv.conf"), &lines)
}

/// Returns true if the cluster was started with [`Kubelet::Stock`].
pub(super) fn has_stock_kubelet(state: &State) -> bool {
    let text = fs::read_to_string(state.config(KUBELET_FILE)).unwrap_or_default();
    serde_json::from_str(&text).is_ok_and(|config: Value| config.get(SYNC_FREQUENCY).is_none())
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    write_text(path, &format!("{value:#}\n"))
}

fn write_text(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn kubeconfig(state: &State, user: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": CONTEXT, "cluster": {
            "server": format!("https://127.0.0.1:{}", port::API),
            "certificate-authority": state.certificate(AUTHORITY),
        }}],
        "users": [{ "name": user, "user": {
            "client-certificate": state.certificate(user),
            "client-key": state.key(user),
        }}],
        "contexts": [{ "name": CONTEXT, "context": { "cluster": CONTEXT, "user": user } }],
        "current-context": CONTEXT,
    })
}

/// A link of its own for each pod instead of a bridge: all traffic between pods is then routed, so that Service
/// addresses work on a machine without the `br_netfilter` module too. `firewall` lets pods through where the
/// machine's policy is to forward nothing, as Docker sets it.
fn pod_network() -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": CONTEXT,
        "plugins": [
            { "type": "ptp", "ipMasq": true, "ipam": {
                "type": "host-local",
                "ranges": [[{ "subnet": POD_RANGE }]],
                "routes": [{ "dst": "0.0.0.0/0" }],
            }},
            { "type": "firewall", "backend": "iptables" },
        ],
    })
}

fn kubelet(state: &State, pace: Kubelet) -> Value {
    let mut config = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "port": port::KUBELET,
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": port::KUBELET_HEALTH,
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": state.certificate(AUTHORITY) },
        },
        "authorization": { "mode": "Webhook" },
        "tlsCertFile": state.certificate("kubelet"),
        "tlsPrivateKeyFile": state.key("kubelet"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{CGROUP}"),
        "enforceNodeAllocatable": [],
        "failSwapOn": false,
        "oomScoreAdj": 0,
        "clusterDNS": [DNS_SERVICE],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": state.config("resolv.conf"),
        "containerRuntimeEndpoint": format!("unix://{}", Record::containerd_socket().display()),
        "podLogsDir": state.data("pod-logs"),
        "volumePluginDir": state.data("volume-plugins"),
        // A developer's disk is often nearly full; that must neither evict pods nor delete images that cannot be
        // pulled again.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "0%",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
            "imagefs.inodesFree": "0%",
        },
    });
    if pace == Kubelet::Quick {
        config[SYNC_FREQUENCY] = "1s".into();
    }
    config
}

/// Node ports are open on the machine itself only. The zeros leave the kernel's conntrack settings alone, which a
/// container may not write.
fn kube_proxy(state: &State) -> Value {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": { "kubeconfig": state.kubeconfig("kube-proxy") },
        "hostnameOverride": NODE,
        "clusterCIDR": POD_RANGE,
        "nodePortAddresses": ["127.0.0.0/8", format!("{NODE_ADDRESS}/32")],
        "healthzBindAddress": format!("127.0.0.1:{}", port::PROXY_HEALTH),
        "metricsBindAddress": format!("127.0.0.1:{}", port::PROXY_METRICS),
        "oomScoreAdj": 0,
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    })
}

/// A rewrite that an Ingress names in its annotation `traefik.ingress.kubernetes.io/router.middlewares`, as
/// `strip-first-segment@file`.
fn rewrites() -> Value {
    let strip = json!({ "stripPrefixRegex": { "regex": ["^/[^/]+"] } });
    json!({ "http": { "middlewares": { "strip-first-segment": strip } } })
}

/// `restrict_oom_score_adj`: without `CAP_SYS_RESOURCE` a pod's first process may not lower its score, and runc fails
/// with "can't get final child's PID from pipe".
fn containerd(state: &State) -> String {
    let path = |path: &Path| json!(path).to_string();
    format!(
        r#"version = 2
root = {root}
state = {run}
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = {socket}

[plugins."io.containerd.internal.v1.opt"]
path = {optional}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = {cni}

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"#,
        root = path(&state.data("containerd")),
        run = path(&state.data("containerd-state")),
        socket = path(&Record::containerd_socket()),
        optional = path(&state.data("containerd-optional")),
        pause = images::PAUSE,
        cni = path(&state.config("cni")),
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn state() -> State {
        State { root: PathBuf::from("/state with \"quotes\"") }
    }

    #[test]
    fn a_kubeconfig_has_one_context_on_loopback() {
        let config = kubeconfig(&state(), "admin");
        assert_eq!(config["contexts"].as_array().unwrap().len(), 1);
        assert_eq!(config["current-context"], CONTEXT);
        assert_eq!(config["clusters"][0]["cluster"]["server"], "https://127.0.0.1:16443");
    }

    #[test]
    fn a_path_with_quotes_stays_one_toml_string() {
        assert!(containerd(&state()).contains(r#"root = "/state with \"quotes\"/data/containerd""#));
    }

    #[test]
    fn node_ports_are_not_open_to_the_network() {
        assert_eq!(kube_proxy(&state())["nodePortAddresses"], json!(["127.0.0.0/8", "10.245.0.1/32"]));
    }

    #[test]
    fn the_kubelet_admits_nobody_unnamed() {
        let config = kubelet(&state(), Kubelet::Quick);
        assert_eq!(config["authentication"]["anonymous"]["enabled"], false);
        assert_eq!(config["readOnlyPort"], 0);
    }

    #[test]
    fn stock_kubelet_has_upstreams_sync_settings() {
        let [quick, stock] = [Kubelet::Quick, Kubelet::Stock].map(|pace| kubelet(&state(), pace));
        assert_eq!(quick["syncFrequency"], "1s");
        assert_eq!(stock.get("syncFrequency"), None);
        assert_eq!(stock.get("configMapAndSecretChangeDetectionStrategy"), None);
    }
}
