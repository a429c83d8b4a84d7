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

/// The command line of a component.
fn flags(component: Component, state: &State) -> Vec<String> {
    let own = match component {
        Mounts | Containerd => vec![],
        Etcd => etcd(state),
        ApiServer => api_server(state),
        ControllerManager => controller_manager(state),
        Scheduler => scheduler(state),
        Kubelet => kubelet(state),
        Proxy => vec![config(state, "kube-proxy.json"), format!("--hostname-override={NODE}")],
        MetricsServer => metrics_server(state),
        NetworkPolicies => network_policies(),
        Traefik => traefik(state),
    };
    std::iter::once(component.name().to_owned()).chain(own).collect()
}

/// Flags of etcd.
fn etcd(state: &State) -> Vec<String> {
    vec![
        format!("--data-dir={}", state.data("etcd").display()),
        // The cluster does not outlive the machine, so neither need its data.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
        format!("--listen-client-urls={}", local(port::ETCD)),
        format!("--advertise-client-urls={}", local(port::ETCD)),
        format!("--listen-peer-urls={}", local(port::ETCD_PEER)),
        format!("--initial-advertise-peer-urls={}", local(port::ETCD_PEER)),
        format!("--initial-cluster=default={}", local(port::ETCD_PEER)),
        "--client-cert-auth".to_owned(),
        format!("--trusted-ca-file={}", state.certificate(AUTHORITY).display()),
        format!("--cert-file={}", state.certificate("etcd").display()),
        format!("--key-file={}", state.key("etcd").display()),
        "--peer-client-cert-auth".to_owned(),
        format!("--peer-trusted-ca-file={}", state.certificate(AUTHORITY).display()),
        format!("--peer-cert-file={}", state.certificate("etcd").display()),
        format!("--peer-key-file={}", state.key("etcd").display()),
    ]
}

/// Flags of the API server.
fn api_server(state: &State) -> Vec<String> {
    vec![
        format!("--bind-address={NODE_ADDRESS}"),
        format!("--advertise-address={NODE_ADDRESS}"),
        format!("--secure-port={}", port::API),
        format!("--service-cluster-ip-range={SERVICE_RANGE}"),
        format!("--etcd-servers={}", local(port::ETCD)),
        format!("--etcd-cafile={}", state.certificate(AUTHORITY).display()),
        format!("--etcd-certfile={}", state.certificate("etcd-client").display()),
        format!("--etcd-keyfile={}", state.key("etcd-client").display()),
        format!("--tls-cert-file={}", state.certificate("kube-apiserver").display()),
        format!("--tls-private-key-file={}", state.key("kube-apiserver").display()),
        format!("--client-ca-file={}", state.certificate(AUTHORITY).display()),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        "--allow-privileged".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", state.certificate(SERVICE_ACCOUNTS).display()),
        format!("--service-account-signing-key-file={}", state.key(SERVICE_ACCOUNTS).display()),
        format!("--kubelet-client-certificate={}", state.certificate("kubelet-client").display()),
        format!("--kubelet-client-key={}", state.key("kubelet-client").display()),
        format!("--kubelet-certificate-authority={}", state.certificate(AUTHORITY).display()),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        // Extensions of the API (metrics-server) are called directly and know the caller by these headers.
        "--enable-aggregator-routing".to_owned(),
        format!("--proxy-client-cert-file={}", state.certificate("aggregation").display()),
        format!("--proxy-client-key-file={}", state.key("aggregation").display()),
        format!("--requestheader-client-ca-file={}", state.certificate(AUTHORITY).display()),
        "--requestheader-allowed-names=front-proxy-client".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
    ]
}

/// Flags of the controller manager.
fn controller_manager(state: &State) -> Vec<String> {
    vec![
        kubeconfig(state, ControllerManager),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", port::CONTROLLER_MANAGER),
        "--leader-elect=false".to_owned(),
        "--use-service-account-credentials".to_owned(),
        format!("--service-account-private-key-file={}", state.key(SERVICE_ACCOUNTS).display()),
        format!("--root-ca-file={}", state.certificate(AUTHORITY).display()),
        format!("--cluster-signing-cert-file={}", state.certificate(AUTHORITY).display()),
        format!("--cluster-signing-key-file={}", state.key(AUTHORITY).display()),
        format!("--flex-volume-plugin-dir={}", state.data("volume-plugins").display()),
    ]
}

/// Flags of the scheduler.
fn scheduler(state: &State) -> Vec<String> {
    vec![
        kubeconfig(state, Scheduler),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", port::SCHEDULER),
        "--leader-elect=false".to_owned(),
    ]
}

/// Flags of the kubelet.
fn kubelet(state: &State) -> Vec<String> {
    vec![
        kubeconfig(state, Kubelet),
        config(state, "kubelet.json"),
        format!("--hostname-override={NODE}"),
        format!("--node-ip={NODE_ADDRESS}"),
        format!("--root-dir={}", state.data("kubelet").display()),
    ]
}

/// Flags of metrics-server.
fn metrics_server(state: &State) -> Vec<String> {
    let user = state.kubeconfig("metrics-server");
    vec![
        kubeconfig(state, MetricsServer),
        format!("--authentication-kubeconfig={}", user.display()),
        format!("--authorization-kubeconfig={}", user.display()),
        format!("--bind-address={NODE_ADDRESS}"),
        format!("--secure-port={}", port::METRICS_SERVER),
        format!("--tls-cert-file={}", state.certificate("metrics-server").display()),
        format!("--tls-private-key-file={}", state.key("metrics-server").display()),
        format!("--kubelet-certificate-authority={}", state.certificate(AUTHORITY).display()),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        "--kubelet-use-node-status-port".to_owned(),
        // Must exceed the 10 s that a request to a kubelet may take.
        "--metric-resolution=15s".to_owned(),
    ]
}

/// Flags of kube-network-policies.
fn network_policies() -> Vec<String> {
    vec![
        format!("--hostname-override={NODE}"),
        format!("--metrics-bind-address=127.0.0.1:{}", port::POLICIES_METRICS),
        format!("--nfqueue-id={POLICIES_QUEUE}"),
    ]
}

/// Flags of Traefik.
fn traefik(state: &State) -> Vec<String> {
    vec![
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
    ]
}

fn kubeconfig(state: &State, component: Component) -> String {
    format!("--kubeconfig={}", state.kubeconfig(component.name()).display())
}

fn config(state: &State, file: &str) -> String {
    format!("--config={}", state.config(file).display())
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
