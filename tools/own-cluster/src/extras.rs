//! Optional components, each a process beside the cluster with a user of its own: their objects in the API, and when they can be used.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use kit::process::Cmd;
use kit::tools::{self, Use};
use kit::ui;
use serde_json::{Value, json};

use super::certificates::AUTHORITY;
use super::components::Component;
use super::layout::{NODE_ADDRESS, POD_SECRETS, State, port};
use super::{network, processes, start};

/// A component that a cluster works without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Extra {
    /// Resource metrics, for autoscalers and `kubectl top`: metrics-server
    Metrics,
    /// Ingress and Gateway API, class `traefik`: Traefik
    Ingress,
    /// Enforcement of network policies: kube-network-policies
    Policies,
}

use Extra::{Ingress, Metrics, Policies};

impl Extra {
    pub const ALL: [Self; 3] = [Metrics, Ingress, Policies];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Metrics => "metrics",
            Ingress => "ingress",
            Policies => "policies",
        }
    }

    /// The tools of the component.
    pub fn uses(self) -> Use {
        match self {
            Metrics => Use::Metrics,
            Ingress => Use::Ingress,
            Policies => Use::Policies,
        }
    }

    /// The effect of the component's absence.
    fn lack(self) -> &'static str {
        match self {
            Metrics => "autoscalers know no load",
            Ingress => "no Ingress or HTTPRoute is served",
            Policies => "network policies are not enforced",
        }
    }

    fn component(self) -> Component {
        match self {
            Metrics => Component::MetricsServer,
            Ingress => Component::Traefik,
            Policies => Component::NetworkPolicies,
        }
    }

    /// Rights and other objects that are the same in every cluster.
    fn manifest(self) -> &'static str {
        match self {
            Metrics => include_str!("metrics.yaml"),
            Ingress => include_str!("ingress.yaml"),
            Policies => include_str!("policies.yaml"),
        }
    }
}

/// Starts those of `extras` that do not run, and waits until they can be used.
pub(super) fn start(state: &State, extras: &[Extra]) -> Result<()> {
    for extra in extras {
        if processes::running(extra.component()).is_none() {
            prepare(*extra, state)?;
            start::start(extra.component(), state)?;
        }
        let what = format!("{} to be usable", extra.component().name());
        start::wait_for(state, &what, || Ok(is_usable(*extra, state)))?;
        if *extra == Policies {
            // Not before: packets in a queue that nothing takes them from are lost.
            network::lead_to_policies()?;
        }
    }
    Ok(())
}

/// Prints what the cluster does not do for lack of a component.
pub(super) fn report_lacking() {
    let lacking: Vec<_> =
        Extra::ALL.into_iter().filter(|extra| processes::running(extra.component()).is_none()).collect();
    for extra in &lacking {
        ui::say(format!("without {}: {}", extra.name(), extra.lack()));
    }
    if !lacking.is_empty() {
        let names: Vec<_> = lacking.iter().map(|extra| extra.name()).collect();
        ui::say(format!("to add them: cargo xtask cluster up --with {}", names.join(",")));
    }
}

fn prepare(extra: Extra, state: &State) -> Result<()> {
    match extra {
        Metrics => apply(state, &with_objects(extra, &metrics_objects(state)?)),
        Ingress => {
            let definitions = tools::built("gateway-api");
            let definitions = fs::read_to_string(&definitions)
                .with_context(|| format!("cannot read {}", definitions.display()))?;
            apply(state, &definitions)?;
            let established = ["wait", "--for=condition=Established", "customresourcedefinitions", "--all"];
            kubectl(state).args(established).arg("--timeout=60s").run()?;
            let ports = [("web", 80, port::INGRESS_WEB), ("websecure", 443, port::INGRESS_TLS)];
            apply(state, &with_objects(extra, &service("traefik", &ports)))
        }
        Policies => {
            apply(state, extra.manifest())?;
            write_token(state)
        }
    }
}

fn is_usable(extra: Extra, state: &State) -> bool {
    match extra {
        Metrics => has_condition(state, "apiservice/v1beta1.metrics.k8s.io", "Available"),
        Ingress => has_condition(state, "gatewayclass/traefik", "Accepted"),
        Policies => network::policies_are_awaited(),
    }
}

/// metrics-server as an extension of the API, which calls it by the name and the authority of its certificate.
fn metrics_objects(state: &State) -> Result<Vec<Value>> {
    let authority = state.certificate(AUTHORITY);
    let authority = Cmd::new("openssl")
        .args(["base64", "-A", "-in"])
        .arg(authority)
        .ask()
        .context("cannot encode the CA")?;
    let mut objects = service("metrics-server", &[("https", 443, port::METRICS_SERVER)]);
    objects.push(json!({
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": { "name": "v1beta1.metrics.k8s.io" },
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": { "name": "metrics-server", "namespace": "kube-system" },
            "caBundle": authority.trim(),
        },
    }));
    Ok(objects)
}

/// A Service of a process on the node, each port by name, own number and number on the node.
fn service(name: &str, ports: &[(&str, u16, u16)]) -> Vec<Value> {
    let metadata = json!({
        "name": name,
        "namespace": "kube-system",
        "labels": { "kubernetes.io/service-name": name },
    });
    let outside: Vec<_> = ports
        .iter()
        .map(|(port, number, target)| json!({ "name": port, "port": number, "targetPort": target }))
        .collect();
    let inside: Vec<_> = ports
        .iter()
        .map(|(port, _, target)| json!({ "name": port, "port": target, "protocol": "TCP" }))
        .collect();
    vec![
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": { "ports": outside },
        }),
        json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": "IPv4",
            "endpoints": [{ "addresses": [NODE_ADDRESS], "conditions": { "ready": true } }],
            "ports": inside,
        }),
    ]
}

fn with_objects(extra: Extra, objects: &[Value]) -> String {
    let objects: String = objects.iter().map(|object| format!("---\n{object}\n")).collect();
    format!("{}{objects}", extra.manifest())
}

/// Puts token and authority where a pod of the account would have them.
fn write_token(state: &State) -> Result<()> {
    let folder = state.data(POD_SECRETS).join("kubernetes.io/serviceaccount");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let account = ["create", "token", "kube-network-policies", "--namespace=kube-system", "--duration=8760h"];
    let token = kubectl(state).args(account).ask()?;
    write_secret(&folder.join("token"), token.trim())?;
    fs::copy(state.certificate(AUTHORITY), folder.join("ca.crt")).context("cannot copy the CA")?;
    Ok(())
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// By the server: some definitions are larger than the annotation in which kubectl would keep them.
fn apply(state: &State, manifest: &str) -> Result<()> {
    kubectl(state).args(["apply", "--server-side", "--filename=-"]).input(manifest).run().map(drop)
}

fn has_condition(state: &State, object: &str, condition: &str) -> bool {
    let query = format!("--output=jsonpath={{.status.conditions[?(@.type=='{condition}')].status}}");
    kubectl(state).args(["get", object, &query]).ask().is_ok_and(|status| status == "True")
}

fn kubectl(state: &State) -> Cmd {
    Cmd::new("kubectl").arg("--kubeconfig").arg(state.kubeconfig("admin"))
}

/// Refuses `extras` for a cluster that is not the project's own.
///
/// # Errors
/// When there are any.
pub fn refuse(extras: &[Extra], context: &str) -> Result<()> {
    if extras.is_empty() {
        return Ok(());
    }
    bail!(
        "--with adds components to the project's own cluster, and `{context}` is another: \
         pass --cluster own, or use its own means, such as `minikube addons enable metrics-server`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_command_line() {
        for extra in Extra::ALL {
            assert_eq!(extra.to_possible_value().unwrap().get_name(), extra.name());
        }
    }

    #[test]
    fn service_leads_to_its_port_on_the_node() {
        let [service, slice] = &service("traefik", &[("web", 80, port::INGRESS_WEB)])[..] else { panic!() };
        assert_eq!(service["spec"]["ports"][0]["port"], 80);
        assert_eq!(slice["endpoints"][0]["addresses"], json!([NODE_ADDRESS]));
        assert_eq!(slice["ports"][0]["port"], port::INGRESS_WEB);
    }

    #[test]
    fn no_component_may_write_more_than_statuses() {
        for extra in Extra::ALL {
            for document in extra.manifest().split("\n---\n") {
                let object: Value = serde_norway::from_str(document).unwrap();
                for rule in object["rules"].as_array().into_iter().flatten() {
                    let is_status = |resource: &Value| resource.as_str().unwrap().ends_with("/status");
                    let writes = |verb: &Value| !["get", "list", "watch"].contains(&verb.as_str().unwrap());
                    assert!(
                        !rule["verbs"].as_array().unwrap().iter().any(writes)
                            || rule["resources"].as_array().unwrap().iter().all(is_status),
                        "{}: {rule}",
                        extra.name()
                    );
                }
            }
        }
    }

    #[test]
    fn only_clusters_of_others_refuse_components() {
        assert!(refuse(&[], "minikube").is_ok());
        let refusal = refuse(&[Metrics], "minikube").unwrap_err().to_string();
        assert!(refusal.contains("`minikube`") && refusal.contains("--cluster own"), "{refusal}");
    }
}
