//! The cluster's name service: CoreDNS as a Deployment, and where it sends names that are not the cluster's.

use std::fs;

use anyhow::Result;
use kit::process::Cmd;
use serde_json::{Value, json};

use super::layout::{CLUSTER_DOMAIN, State};

const MANIFEST: &str = include_str!("coredns.yaml");

/// Also behind the Service, as in other clusters: a NetworkPolicy is about the port of the pod.
const PORT: u16 = 53;

/// The machine's resolver configurations, best first: what systemd-resolved itself asks is reachable from a pod,
/// its stub on a loopback address is not.
const RESOLVER_FILES: [&str; 2] = ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"];

/// The name servers of this machine that a pod can reach; none on a machine without a network.
pub(super) fn resolvers() -> Vec<String> {
    let text = RESOLVER_FILES.iter().find_map(|file| fs::read_to_string(file).ok());
    text.map(|text| reachable_servers(&text)).unwrap_or_default()
}

pub(super) fn apply(state: &State, resolvers: &[String]) -> Result<()> {
    let config = config_map(&corefile(resolvers));
    Cmd::new("kubectl")
        .arg("--kubeconfig")
        .arg(state.kubeconfig("admin"))
        .args(["apply", "--filename=-"])
        .input(format!("{MANIFEST}---\n{config}\n"))
        .run()
        .map(drop)
}

fn config_map(corefile: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "coredns", "namespace": "kube-system" },
        "data": { "Corefile": corefile },
    })
}

fn corefile(resolvers: &[String]) -> String {
    let forward = match resolvers {
        [] => String::new(),
        servers => format!("    loop\n    forward . {}\n", servers.join(" ")),
    };
    format!(
        ".:{PORT} {{\n    errors\n    health\n    ready\n    \
         kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{\n        pods insecure\n        \
         fallthrough in-addr.arpa ip6.arpa\n        ttl 5\n    }}\n    cache 30\n{forward}    reload\n}}\n"
    )
}

fn reachable_servers(resolv_conf: &str) -> Vec<String> {
    resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| rest.trim().parse::<std::net::Ipv4Addr>().ok())
        .filter(|address| !address.is_loopback())
        .map(|address| address.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images;
    use crate::layout::DNS_SERVICE;

    #[test]
    fn resolver_on_loopback_is_not_used_by_pods() {
        let text = "# made by hand\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver ::1\nsearch example.org\n";
        assert_eq!(reachable_servers(text), ["192.0.2.1"]);
    }

    #[test]
    fn without_a_resolver_nothing_is_forwarded() {
        assert!(!corefile(&[]).contains("forward"));
        assert!(corefile(&["192.0.2.1".to_owned()]).contains("forward . 192.0.2.1\n"));
    }

    #[test]
    fn manifest_matches_image_address_and_port() {
        assert!(MANIFEST.contains(&format!("image: {}\n", images::COREDNS)));
        assert!(MANIFEST.contains(&format!("clusterIP: {DNS_SERVICE}\n")));
        assert!(MANIFEST.contains(&format!("containerPort: {PORT}\n")));
        assert!(MANIFEST.contains("namespace: kube-system\n"), "where the chart's policy looks for it");
    }
}
