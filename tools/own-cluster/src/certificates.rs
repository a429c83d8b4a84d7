//! One authority and a certificate for each component, made anew for every cluster.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result};
use kit::process::Cmd;

use super::layout::{API_SERVICE, CLUSTER_DOMAIN, NODE, NODE_ADDRESS, State};

pub(super) const AUTHORITY: &str = "authority";
/// Signs the tokens of pods; the certificate serves as the public key only.
pub(super) const SERVICE_ACCOUNTS: &str = "service-accounts";

/// An empty configuration: the distribution's own would add the extensions of an authority to every certificate.
const OPENSSL: &str = "openssl.cnf";

/// Longer than any cluster of a test or a developer lives.
const DAYS: &str = "365";

struct Subject {
    file: &'static str,
    common_name: String,
    /// Kubernetes reads it as the group of the user.
    organisation: &'static str,
    alternative_names: String,
}

fn subjects() -> Vec<Subject> {
    let client = |file, common_name: &str, organisation| Subject {
        file,
        common_name: common_name.to_owned(),
        organisation,
        alternative_names: String::new(),
    };
    let server = |alternative_names, subject| Subject { alternative_names, ..subject };
    let api_names = format!(
        "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,\
         DNS:kubernetes.default.svc.{CLUSTER_DOMAIN},IP:127.0.0.1,IP:{API_SERVICE},IP:{NODE_ADDRESS}"
    );
    vec![
        server("IP:127.0.0.1".to_owned(), client("etcd", "etcd", "etcd")),
        client("etcd-client", "kube-apiserver", "etcd"),
        server(api_names, client("kube-apiserver", "kube-apiserver", "kubernetes")),
        client("kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
        client(SERVICE_ACCOUNTS, "service-accounts", "kubernetes"),
        client("aggregation", "front-proxy-client", "kubernetes"),
        client("admin", "admin", "system:masters"),
        client("kube-controller-manager", "system:kube-controller-manager", "kubernetes"),
        client("kube-scheduler", "system:kube-scheduler", "kubernetes"),
        client("kube-proxy", "system:kube-proxy", "kubernetes"),
        server(
            format!("DNS:{NODE},IP:{NODE_ADDRESS}"),
            client("kubelet", &format!("system:node:{NODE}"), "system:nodes"),
        ),
        // The API server calls it by the name of its Service, and the kubelet reads the name of the client.
        server(
            "DNS:metrics-server.kube-system.svc".to_owned(),
            client("metrics-server", "metrics-server", "components"),
        ),
        client("traefik", "traefik", "components"),
    ]
}

/// Writes all keys and certificates. Only root can read the keys, since only root can enter their folder.
pub(super) fn write(state: &State) -> Result<()> {
    let folder = state.root.join("certificates");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("cannot close {}", folder.display()))?;
    fs::write(state.config(OPENSSL), "[req]\ndistinguished_name = name\n[name]\n")?;
    openssl(["req", "-x509", "-days", DAYS, "-subj", "/CN=myapp-own", "-config"])
        .arg(state.config(OPENSSL))
        .args(NEW_KEY)
        .args([
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ])
        .arg("-keyout")
        .arg(state.key(AUTHORITY))
        .arg("-out")
        .arg(state.certificate(AUTHORITY))
        .ask()?;
    subjects().iter().try_for_each(|subject| sign(state, subject))
}

const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];

fn sign(state: &State, subject: &Subject) -> Result<()> {
    openssl(["req", "-x509", "-days", DAYS, "-config"])
        .arg(state.config(OPENSSL))
        .arg("-CA")
        .arg(state.certificate(AUTHORITY))
        .arg("-CAkey")
        .arg(state.key(AUTHORITY))
        .args(NEW_KEY)
        .args(["-subj", &format!("/O={}/CN={}", subject.organisation, subject.common_name)])
        .args(extensions(subject).iter().flat_map(|extension| ["-addext", extension]))
        .arg("-keyout")
        .arg(state.key(subject.file))
        .arg("-out")
        .arg(state.certificate(subject.file))
        .ask()
        .with_context(|| format!("cannot make the certificate of {}", subject.file))?;
    Ok(())
}

fn extensions(subject: &Subject) -> Vec<String> {
    let mut extensions = vec![
        "basicConstraints=critical,CA:FALSE".to_owned(),
        "keyUsage=critical,digitalSignature".to_owned(),
    ];
    if subject.alternative_names.is_empty() {
        extensions.push("extendedKeyUsage=clientAuth".to_owned());
    } else {
        // etcd and the kubelet use the same certificate on both sides.
        extensions.push("extendedKeyUsage=serverAuth,clientAuth".to_owned());
        extensions.push(format!("subjectAltName={}", subject.alternative_names));
    }
    extensions
}

fn openssl<const N: usize>(args: [&str; N]) -> Cmd {
    Cmd::new("openssl").args(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_have_certificates_that_servers_may_show() {
        for subject in subjects() {
            let shows = extensions(&subject).iter().any(|extension| extension.contains("serverAuth"));
            assert_eq!(
                shows,
                ["etcd", "kube-apiserver", "kubelet", "metrics-server"].contains(&subject.file),
                "{}",
                subject.file
            );
        }
    }
}
