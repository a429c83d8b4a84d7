//! The project's own single-node Kubernetes: upstream's components from source, on this machine, without Docker.
//!
//! It is disposable. Its state lives in `target/cluster`, what the machine must remember about it in one folder
//! below /run, and `down` proves that neither it nor anything else is left.

mod certificates;
mod cgroups;
mod components;
mod config;
mod dns;
pub mod extras;
mod images;
mod layout;
mod lock;
mod network;
mod preflight;
mod processes;
mod rules;
mod start;
mod teardown;

use std::path::Path;

use anyhow::{Result, bail};
use components::Component;
pub use config::Kubelet;
pub use extras::Extra;
use kit::tools::{self, Use};
use kit::ui;
use layout::State;

/// This checkout's cluster, running or not.
pub struct Own {
    state: State,
}

impl Own {
    pub fn in_checkout() -> Self {
        Self { state: State { root: kit::cluster::own_folder() } }
    }

    /// Starts the cluster and waits until it can be used. Does nothing when it is up, and replaces one that is not
    /// whole. A start that fails shows the components' last words and is taken back.
    ///
    /// # Errors
    /// Also when another checkout's cluster runs on this machine: their addresses would be the same. And when a stock
    /// kubelet is asked for while another runs; tests run on either, so the other way round is fine. Components of `with` are
    /// started on a cluster that is up, too.
    pub fn up(&self, install: bool, kubelet: Kubelet, with: &[Extra]) -> Result<()> {
        require_root()?;
        let uses =
            [Use::Kubernetes, Use::OwnCluster].into_iter().chain(with.iter().map(|extra| extra.uses()));
        tools::require(&uses.collect::<Vec<_>>(), install)?;
        let lock = lock::acquire()?;
        self.refuse_if_another_runs()?;
        if start::is_whole(&self.state) {
            if kubelet == Kubelet::Stock && !config::has_stock_kubelet(&self.state) {
                bail!("the cluster is up with a quick kubelet; take it down first: cargo xtask cluster down");
            }
            if let Err(error) = extras::start(&self.state, with) {
                start::show_logs(&self.state);
                return Err(error.context("the cluster is up, but a component that was asked for is not"));
            }
            self.report_up();
            return Ok(());
        }
        if lock::owner().is_some() {
            ui::say("a cluster is here that is not whole; removing it first");
            teardown::run(&self.remains())?;
        }
        let started = start::run(&self.state, kubelet).and_then(|()| extras::start(&self.state, with));
        if let Err(error) = started {
            start::show_logs(&self.state);
            teardown::run(&self.state)?;
            lock.remove()?;
            return Err(error.context("the cluster did not start"));
        }
        self.report_up();
        Ok(())
    }

    fn report_up(&self) {
        extras::report_lacking();
        ui::say(format!("the cluster is up; KUBECONFIG={}", kit::cluster::own_kubeconfig().display()));
    }

    /// Removes every trace of the cluster, also after a crash.
    ///
    /// # Errors
    /// When something is left all the same, naming it; calling it again is safe.
    pub fn down(&self) -> Result<()> {
        require_root()?;
        let lock = lock::acquire()?;
        self.refuse_if_another_runs()?;
        teardown::run(&self.remains())?;
        lock.remove()
    }

    /// Prints what runs.
    ///
    /// # Errors
    /// When the cluster is not up.
    pub fn status(&self) -> Result<()> {
        self.refuse_if_another_runs()?;
        for component in Component::ALL {
            let state = processes::running(component)
                .map_or("stopped".to_owned(), |process| format!("pid {}", process.pid));
            ui::say(format!("{:<24} {state}", component.name()));
        }
        if !start::is_whole(&self.state) {
            bail!("the cluster is not up");
        }
        let version = tools::kubernetes_version();
        ui::say(format!("{:<24} {}, ready, Kubernetes {version}", "node", layout::NODE));
        ui::say(format!("{:<24} {}", "kubeconfig", kit::cluster::own_kubeconfig().display()));
        Ok(())
    }

    /// Puts the image of an archive onto the node, under the name it has in the archive.
    pub fn load_image(&self, archive: &Path) -> Result<()> {
        images::load_product(archive)
    }

    /// The cluster that is to be removed: another checkout's when only a dead one of it is on the machine.
    fn remains(&self) -> State {
        State { root: lock::owner().unwrap_or_else(|| self.state.root.clone()) }
    }

    fn refuse_if_another_runs(&self) -> Result<()> {
        match lock::owner() {
            Some(root) if root != self.state.root && processes::any_running() => {
                bail!(
                    "the cluster of another checkout runs on this machine; its state is in {}",
                    root.display()
                )
            }
            _ => Ok(()),
        }
    }
}

fn require_root() -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    bail!("the project's own cluster needs root: it makes interfaces, mounts and packet filter rules")
}
