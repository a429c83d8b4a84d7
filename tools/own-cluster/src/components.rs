//! The programs the cluster consists of, and how each is called.

use kit::process::Cmd;
use kit::tools;

use super::certificates::{AUTHORITY, SERVICE_ACCOUNTS};
use super::cgroups;
use super::config::REWRITES_FILE;
use super::layout::{BUILT_IN_FOLDERS, NODE, NODE_ADDRESS, SERVICE_RANGE, State, port};
use super::network::POLICIES_QUEUE;

/// In the order of starting. They are stopped all at once, since nothing of the cluster is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    /// Holds the mount namespace in which the runtime and the kubelet live.
    Mounts,
    Etcd,
    ApiServer,
    ControllerManager,
    Scheduler,
    Containerd,
    Kubelet,
    Proxy,
    /// Optional, as those below.
    MetricsServer,
    NetworkPolicies,
    Traefik,
}

use Component::{
    ApiServer, Containerd, ControllerManager, Etcd, Kubelet, MetricsServer, Mounts, NetworkPolicies, Proxy,
    Scheduler, Traefik,
};

impl Component {
    /// A cluster that lacks one of these cannot be used.
    pub(super) const REQUIRED: [Self; 8] =
        [Mounts, Etcd, ApiServer, ControllerManager, Scheduler, Containerd, Kubelet, Proxy];

    pub(super) const ALL: [Self; 11] = [
        Mounts,
        Etcd,
        ApiServer,
        ControllerManager,
        Scheduler,
        Containerd,
        Kubelet,
        Proxy,
        MetricsServer,
        NetworkPolicies,
        Traefik,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Mounts => "mounts",
            Etcd => "etcd",
            ApiServer => "kube-apiserver",
            ControllerManager => "kube-controller-manager",
            Scheduler => "kube-scheduler",
            Containerd => "containerd",
            Kubelet => "kubelet",
            Proxy => "kube-proxy",
            MetricsServer => "metrics-server",
            NetworkPolicies => "kube-network-policies",
            Traefik => "traefik",
        }
    }

    /// `mounts` is the process id of [`Component::Mounts`], which must have been started before the others.
    pub(super) fn command(self, state: &State, mounts: u32) -> Cmd {
        match self {
            Mounts => mount_namespace(state),
            Containerd => within(mounts, "containerd").arg("--config").arg(state.config("containerd.toml")),
            Kubelet => within(mounts, "kube").args(flags(self, state)),
            Etcd | ApiServer | ControllerManager | Scheduler | Proxy => {
                detached().arg("kube").args(flags(self, state))
            }
            MetricsServer => detached().args(flags(self, state)),
            // Its client reads the token of a pod and these variables, and no kubeconfig.
            NetworkPolicies => within(mounts, "kube-network-policies")
                .args(flags(self, state).iter().skip(1))
                .env("KUBERNETES_SERVICE_HOST", NODE_ADDRESS)
                .env("KUBERNETES_SERVICE_PORT", port::API.to_string()),
            Traefik => detached()
                .args(flags(self, state))
                .env("KUBECONFIG", state.kubeconfig("traefik"))
                .without_env("KUBERNETES_SERVICE_HOST"),
        }
    }
}

/// Mounts of pods and runtime are made in a namespace that no other process of the machine sees and that ends with
/// its last process: there are none to unmount, even after a crash. The folders built into the components are
/// covered by folders of the cluster's own in it.
fn mount_namespace(state: &State) -> Cmd {
    const SCRIPT: &str = "\
        set -e; mount --no-mtab --make-rshared /; pause=$1; shift; \
        while [ $# -gt 0 ]; do mount --no-mtab --bind \"$1\" \"$2\"; shift 2; done; exec \"$pause\"";
    let unshare = ["unshare", "--mount", "--propagation=private", "sh", "-c", SCRIPT, "mounts"];
    BUILT_IN_FOLDERS
        .iter()
        .fold(detached().args(unshare).arg(tools::built("pause")), |command, (folder, own)| {
            command.arg(state.data(own)).arg(folder)
        })
}

fn within(mounts: u32, program: &str) -> Cmd {
    detached().args(["nsenter", &format!("--mount=/proc/{mounts}/ns/mnt"), "--", program])
}

/// In a session of its own, and in the cluster's control group before it becomes what it is to be: a task that is
/// interrupted at any moment leaves no process that `down` could not find.
fn detached() -> Cmd {
    const SCRIPT: &str = "echo $$ > \"$0\" && exec \"$@\"";
    Cmd::new("setsid").args(["sh", "-c", SCRIPT]).arg(cgroups::of_components().join("cgroup.procs"))
}

fn flags(component: Component, state: &State) -> Vec<String> {
    let certificate = |name| state.certificate(name).display().to_string();
    let key = |name| state.key(name).display().to_string();
    let kubeconfig = format!("--kubeconfig={}", state.kubeconfig(component.name()).display());
    let data = |name| state.data(name).display().to_string();
    let config = |file| format!("--config={}", state.config(file).display());
    let own = match component {
        Mounts | Containerd => vec![],
        Etcd => vec![
            format!("--data-dir={}", data("etcd")),
            // The cluster does not outlive the machine, so neither need its data.
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
            format!("--listen-client-urls={}", local(port::ETCD)),
            format!("--advertise-client-urls={}", local(port::ETCD)),
            format!("--listen-peer-urls={}", local(port::ETCD_PEER)),
            format!("--initial-advertise-peer-urls={}", local(port::ETCD_PEER)),
            format!("--initial-cluster=default={}", local(port::ETCD_PEER)),
            "--client-cert-auth".to_owned(),
            format!("--trusted-ca-file={}", certificate(AUTHORITY)),
            format!("--cert-file={}", certificate("etcd")),
            format!("--key-file={}", key("etcd")),
            "--peer-client-cert-auth".to_owned(),
            format!("--peer-trusted-ca-file={}", certificate(AUTHORITY)),
            format!("--peer-cert-file={}", certificate("etcd")),
            format!("--peer-key-file={}", key("etcd")),
        ],
        ApiServer => vec![
            format!("--bind-address={NODE_ADDRESS}"),
            format!("--advertise-address={NODE_ADDRESS}"),
            format!("--secure-port={}", port::API),
            format!("--service-cluster-ip-range={SERVICE_RANGE}"),
            format!("--etcd-servers={}", local(port::ETCD)),
            format!("--etcd-cafile={}", certificate(AUTHORITY)),
            format!("--etcd-certfile={}", certificate("etcd-client")),
            format!("--etcd-keyfile={}", key("etcd-client")),
            format!("--tls-cert-file={}", certificate("kube-apiserver")),
            format!("--tls-private-key-file={}", key("kube-apiserver")),
            format!("--client-ca-file={}", certificate(AUTHORITY)),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction".to_owned(),
            "--allow-privileged".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", certificate(SERVICE_ACCOUNTS)),
            format!("--service-account-signing-key-file={}", key(SERVICE_ACCOUNTS)),
            format!("--kubelet-client-certificate={}", certificate("kubelet-client")),
            format!("--kubelet-client-key={}", key("kubelet-client")),
            format!("--kubelet-certificate-authority={}", certificate(AUTHORITY)),
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
            // Extensions of the API (metrics-server) are called directly and know the caller by these headers.
            "--enable-aggregator-routing".to_owned(),
            format!("--proxy-client-cert-file={}", certificate("aggregation")),
            format!("--proxy-client-key-file={}", key("aggregation")),
            format!("--requestheader-client-ca-file={}", certificate(AUTHORITY)),
            "--requestheader-allowed-names=front-proxy-client".to_owned(),
            "--requestheader-username-headers=X-Remote-User".to_owned(),
            "--requestheader-group-headers=X-Remote-Group".to_owned(),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        ],
        ControllerManager => vec![
            kubeconfig,
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", port::CONTROLLER_MANAGER),
            "--leader-elect=false".to_owned(),
            "--use-service-account-credentials".to_owned(),
            format!("--service-account-private-key-file={}", key(SERVICE_ACCOUNTS)),
            format!("--root-ca-file={}", certificate(AUTHORITY)),
            format!("--cluster-signing-cert-file={}", certificate(AUTHORITY)),
            format!("--cluster-signing-key-file={}", key(AUTHORITY)),
            format!("--flex-volume-plugin-dir={}", data("volume-plugins")),
        ],
        Scheduler => vec![
            kubeconfig,
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", port::SCHEDULER),
            "--leader-elect=false".to_owned(),
        ],
        Kubelet => vec![
            kubeconfig,
            config("kubelet.json"),
            format!("--hostname-override={NODE}"),
            format!("--node-ip={NODE_ADDRESS}"),
            format!("--root-dir={}", data("kubelet")),
        ],
        Proxy => vec![config("kube-proxy.json"), format!("--hostname-override={NODE}")],
        MetricsServer => {
            let user = state.kubeconfig("metrics-server");
            vec![
                kubeconfig,
                format!("--authentication-kubeconfig={}", user.display()),
                format!("--authorization-kubeconfig={}", user.display()),
                format!("--bind-address={NODE_ADDRESS}"),
                format!("--secure-port={}", port::METRICS_SERVER),
                format!("--tls-cert-file={}", certificate("metrics-server")),
                format!("--tls-private-key-file={}", key("metrics-server")),
                format!("--kubelet-certificate-authority={}", certificate(AUTHORITY)),
                "--kubelet-preferred-address-types=InternalIP".to_owned(),
                "--kubelet-use-node-status-port".to_owned(),
                // Must exceed the 10 s that a request to a kubelet may take.
                "--metric-resolution=15s".to_owned(),
            ]
        }
        NetworkPolicies => vec![
            format!("--hostname-override={NODE}"),
            format!("--metrics-bind-address=127.0.0.1:{}", port::POLICIES_METRICS),
            format!("--nfqueue-id={POLICIES_QUEUE}"),
        ],
        Traefik => vec![
            "--global.checknewversion=false".to_owned(),
            "--global.sendanonymoususage=false".to_owned(),
            "--log.level=INFO".to_owned(),
            "--ping=true".to_owned(),
            format!("--entrypoints.traefik.address=127.0.0.1:{}", port::INGRESS_HEALTH),
            format!("--entrypoints.web.address={NODE_ADDRESS}:{}", port::INGRESS_WEB),
            format!("--entrypoints.websecure.address={NODE_ADDRESS}:{}", port::INGRESS_TLS),
            "--entrypoints.websecure.http.tls=true".to_owned(),
            "--providers.kubernetesingress=true".to_owned(),
            format!("--providers.kubernetesingress.ingressendpoint.ip={NODE_ADDRESS}"),
            "--providers.kubernetesgateway=true".to_owned(),
            format!("--providers.kubernetesgateway.statusaddress.ip={NODE_ADDRESS}"),
            format!("--providers.file.filename={}", state.config(REWRITES_FILE).display()),
            "--providers.file.watch=false".to_owned(),
        ],
    };
    std::iter::once(component.name().to_owned()).chain(own).collect()
}

fn local(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn flags_of(component: Component) -> Vec<String> {
        flags(component, &State { root: PathBuf::from("/state") })
    }

    #[test]
    fn etcd_answers_nobody_without_a_certificate() {
        let flags = flags_of(Etcd);
        assert!(flags.contains(&"--client-cert-auth".to_owned()));
        assert!(flags.contains(&"--peer-client-cert-auth".to_owned()));
        assert!(
            flags
                .iter()
                .filter(|flag| flag.contains("-urls="))
                .all(|flag| flag.contains("https://127.0.0.1:"))
        );
    }

    #[test]
    fn no_server_listens_on_all_addresses() {
        for component in [ApiServer, ControllerManager, Scheduler, MetricsServer] {
            assert!(
                flags_of(component).iter().any(|flag| flag.starts_with("--bind-address=")),
                "{component:?}"
            );
        }
        let listens = |flag: &&String| flag.starts_with("--entrypoints.") && flag.contains("address=");
        assert!(!flags_of(Traefik).iter().filter(listens).any(|flag| flag.contains("=:")));
        assert!(!Component::ALL.into_iter().flat_map(flags_of).any(|flag| flag.contains("0.0.0.0")));
    }
}
