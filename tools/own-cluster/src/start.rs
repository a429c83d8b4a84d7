//! Starting the cluster, and telling whether it is whole.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use kit::process::Cmd;
use kit::{tools, ui, wait};
use serde_json::Value;

use super::components::Component;
use super::config::Kubelet;
use super::layout::{NODE, Record, State};
use super::preflight::MachineState;
use super::{certificates, cgroups, config, dns, images, lock, network, processes};

/// Many times what it takes on two slow cores; a component that dies ends the wait at once.
const DEADLINE: Duration = Duration::from_secs(120);
const LOG_TAIL_LINES: usize = 15;

pub(super) fn run(state: &State, kubelet: Kubelet) -> Result<()> {
    let before = MachineState::observe()?;
    network::check(&before)?;
    before.write()?;
    lock::claim(&state.root)?;
    let resolvers = dns::resolvers();
    prepare(state, &before, &resolvers, kubelet)?;
    start_components(state)?;
    dns::apply(state, &resolvers)?;
    wait_for(state, "the node to be ready", || Ok(node_is_ready(state)))?;
    wait_for(state, "the name service to answer", || Ok(dns_is_available(state)))?;
    wait_for(state, "the default service account", || Ok(default_account_exists(state)))
}

/// All required components run and the cluster can be used.
pub(super) fn is_whole(state: &State) -> bool {
    Component::REQUIRED.into_iter().all(|component| processes::running(component).is_some())
        && api_is_ready(state)
        && node_is_ready(state)
        && dns_is_available(state)
}

/// Prints the end of each component's log, those that died last.
pub(super) fn show_logs(state: &State) {
    let (alive, dead): (Vec<_>, Vec<_>) =
        Component::ALL.into_iter().partition(|component| processes::running(*component).is_some());
    for component in alive.into_iter().chain(dead) {
        let Ok(text) = fs::read_to_string(state.log(component.name())) else { continue };
        let lines: Vec<_> = text.lines().collect();
        ui::say(format!("--- {} ---", component.name()));
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].iter().for_each(ui::say);
    }
}

fn prepare(state: &State, before: &MachineState, resolvers: &[String], kubelet: Kubelet) -> Result<()> {
    for folder in state.folders() {
        fs::create_dir_all(folder)?;
    }
    for (_, own) in super::layout::BUILT_IN_FOLDERS {
        fs::create_dir_all(state.data(own))?;
    }
    before.make_folders()?;
    certificates::write(state)?;
    config::write(state, resolvers, kubelet)?;
    cgroups::create()?;
    network::create()
}

fn start_components(state: &State) -> Result<()> {
    start(Component::Mounts, state)?;
    wait_for(state, "the mounts of the node", || Ok(mounts_are_made()))?;
    for component in [Component::Etcd, Component::ApiServer, Component::Containerd] {
        start(component, state)?;
    }
    wait_for(state, "containerd to answer", || Ok(containerd_answers()))?;
    images::load_own(state)?;
    // The controller manager ends where the API server has not told it within 10 s that it is healthy, which a machine at work misses.
    wait_for(state, "the API server to be ready", || Ok(api_is_ready(state)))?;
    start(Component::ControllerManager, state)?;
    start(Component::Scheduler, state)?;
    start(Component::Kubelet, state)?;
    start(Component::Proxy, state)
}

pub(super) fn start(component: Component, state: &State) -> Result<()> {
    ui::say(format!("starting {}", component.name()));
    processes::start(component, state)
}

/// Waits for a condition as long as every component that has been started is alive.
pub(super) fn wait_for(state: &State, what: &str, mut check: impl FnMut() -> Result<bool>) -> Result<()> {
    wait::until_true(what, DEADLINE, || {
        let started = |component: &Component| state.log(component.name()).exists();
        let dead = |component: &Component| processes::running(*component).is_none();
        if let Some(component) = Component::ALL.into_iter().filter(started).find(dead) {
            bail!("{} died while waiting for {what}", component.name());
        }
        check()
    })
}

/// The shell that makes the mounts becomes the pause process when it has made them.
fn mounts_are_made() -> bool {
    let pause = fs::canonicalize(tools::built("pause")).unwrap_or_default();
    processes::running(Component::Mounts)
        .and_then(|process| fs::read_link(format!("/proc/{}/exe", process.pid)).ok())
        .is_some_and(|program| program == pause)
}

fn containerd_answers() -> bool {
    let socket = Record::containerd_socket();
    Path::new(&socket).exists() && Cmd::new("ctr").arg("--address").arg(socket).arg("version").succeeds()
}

fn api_is_ready(state: &State) -> bool {
    kubectl(state, &["get", "--raw=/readyz"]).is_ok()
}

fn node_is_ready(state: &State) -> bool {
    let ready = |node: &Value| {
        let mut conditions = node["status"]["conditions"].as_array().into_iter().flatten();
        conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    };
    object(state, &["node", NODE]).is_some_and(|node| ready(&node))
}

fn dns_is_available(state: &State) -> bool {
    let deployment = object(state, &["deployment", "coredns", "--namespace=kube-system"]);
    deployment.is_some_and(|deployment| deployment["status"]["availableReplicas"].as_u64() > Some(0))
}

fn default_account_exists(state: &State) -> bool {
    object(state, &["serviceaccount", "default", "--namespace=default"]).is_some()
}

fn object(state: &State, what: &[&str]) -> Option<Value> {
    let text = kubectl(state, &[&["get", "--output=json"], what].concat()).ok()?;
    serde_json::from_str(&text).ok()
}

fn kubectl(state: &State, args: &[&str]) -> Result<String> {
    let config = state.kubeconfig("admin");
    Cmd::new("kubectl").arg("--kubeconfig").arg(config).args(args).arg("--request-timeout=5s").ask()
}
