//! Names, addresses, ports and paths of the cluster.

use std::path::{Path, PathBuf};

pub(super) use kit::cluster::OWN_CONTEXT as CONTEXT;
pub(super) const NODE: &str = "myapp-own";

/// The node's own address, on an interface that leads nowhere: reachable from this machine and its pods alone.
pub(super) const NODE_ADDRESS: &str = "10.245.0.1";
/// At most 15 characters, as for every interface.
pub(super) const NODE_INTERFACE: &str = "myapp-own";
pub(super) const POD_RANGE: &str = "10.244.0.0/24";
pub(super) const SERVICE_RANGE: &str = "10.96.0.0/16";
/// The first address of the service range, which Kubernetes gives to `kubernetes.default`.
pub(super) const API_SERVICE: &str = "10.96.0.1";
pub(super) const DNS_SERVICE: &str = "10.96.0.10";
pub(super) const CLUSTER_DOMAIN: &str = "cluster.local";

/// The root of all cgroups of pods and components, so that nothing that runs in the cluster can be overlooked.
pub(super) const CGROUP: &str = "myapp-own";

/// None is a default of Kubernetes or etcd: a developer may have those on the machine already.
pub(super) mod port {
    pub(crate) const API: u16 = 16443;
    pub(crate) const ETCD: u16 = 12379;
    pub(crate) const ETCD_PEER: u16 = 12380;
    pub(crate) const KUBELET: u16 = 20250;
    pub(crate) const KUBELET_HEALTH: u16 = 20248;
    pub(crate) const PROXY_METRICS: u16 = 20249;
    pub(crate) const PROXY_HEALTH: u16 = 20256;
    pub(crate) const CONTROLLER_MANAGER: u16 = 20257;
    pub(crate) const SCHEDULER: u16 = 20259;
    pub(crate) const METRICS_SERVER: u16 = 20254;
    pub(crate) const POLICIES_METRICS: u16 = 20255;
    pub(crate) const INGRESS_WEB: u16 = 20080;
    pub(crate) const INGRESS_TLS: u16 = 20443;
    pub(crate) const INGRESS_HEALTH: u16 = 20081;

    pub(crate) const ALL: [u16; 14] = [
        API,
        ETCD,
        ETCD_PEER,
        KUBELET,
        KUBELET_HEALTH,
        PROXY_METRICS,
        PROXY_HEALTH,
        CONTROLLER_MANAGER,
        SCHEDULER,
        METRICS_SERVER,
        POLICIES_METRICS,
        INGRESS_WEB,
        INGRESS_TLS,
        INGRESS_HEALTH,
    ];
}

/// The record of the cluster on the machine, found without the checkout: one folder, empty after a reboot.
pub(super) struct Record;

impl Record {
    pub(super) fn root() -> &'static Path {
        Path::new("/run/myapp-cluster")
    }

    /// Held while a task changes the cluster.
    pub(super) fn lock() -> PathBuf {
        Self::root().join("lock")
    }

    /// Says which state folder the running cluster has.
    pub(super) fn owner() -> PathBuf {
        Self::root().join("owner")
    }

    /// The record of the machine's state before the cluster.
    pub(super) fn before() -> PathBuf {
        Self::root().join("before.json")
    }

    pub(super) fn processes() -> PathBuf {
        Self::root().join("processes")
    }

    /// Here because the path of a socket may have no more than 107 bytes, and a checkout's may be long.
    pub(super) fn containerd_socket() -> PathBuf {
        Self::root().join("containerd.sock")
    }
}

/// The state folder of one checkout's cluster.
#[derive(Clone)]
pub(super) struct State {
    pub(super) root: PathBuf,
}

impl State {
    pub(super) fn certificate(&self, name: &str) -> PathBuf {
        self.root.join("certificates").join(format!("{name}.crt"))
    }

    pub(super) fn key(&self, name: &str) -> PathBuf {
        self.root.join("certificates").join(format!("{name}.key"))
    }

    pub(super) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.root.join("kubeconfig").join(user)
    }

    pub(super) fn config(&self, file: &str) -> PathBuf {
        self.root.join("config").join(file)
    }

    pub(super) fn log(&self, component: &str) -> PathBuf {
        self.root.join("log").join(format!("{component}.log"))
    }

    /// A folder that a component fills by itself.
    pub(super) fn data(&self, component: &str) -> PathBuf {
        self.root.join("data").join(component)
    }

    /// All folders that must exist before anything is written.
    pub(super) fn folders(&self) -> [PathBuf; 5] {
        ["certificates", "kubeconfig", "config/cni", "log", "data"].map(|folder| self.root.join(folder))
    }
}

/// The folder with the token of a process in a pod: built into Kubernetes' client library, and with it into
/// kube-network-policies.
pub(super) const POD_SECRETS: &str = "pod-secrets";

/// Paths that the kubelet, containerd, CNI, mount(8) and kube-network-policies have built in. The cluster sees folders of its own
/// in their place.
pub(super) const BUILT_IN_FOLDERS: [(&str, &str); 6] = [
    ("/run/secrets", POD_SECRETS),
    ("/run/mount", "mount-table"),
    ("/var/lib/kubelet", "kubelet-built-in"),
    ("/var/lib/cni", "cni"),
    ("/var/log/containers", "container-links"),
    ("/run/containerd", "containerd-run"),
];
