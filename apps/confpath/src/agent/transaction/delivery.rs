//! Delivery of generations to one service: materialise, publish, notify, start again, wait for the acknowledgement.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chassis::telemetry::LIFECYCLE;
use contract::{Contract, OnChange};
use live_config::{Changes, Text};
use tokio::sync::watch;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::sleep;

use crate::agent::generation::{Generation, Store};
use crate::agent::hooks::{Hooks, Notice, Secrets};
use crate::agent::mask::Masks;
use crate::agent::process::{CmdHandle, Probation};
use crate::agent::readiness::{Closed, Readiness};
use crate::agent::settings::Settings;
use crate::agent::turns::{Turn, Turns};

/// Time for which a restarted CMD that neither acknowledges nor can be asked for its readiness must live.
const PROBATION: Duration = Duration::from_secs(2);
/// Pauses between two rounds in which CMD did not acknowledge the generation in force.
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Delivery of generations to one service. Clones are handles to the same one.
#[derive(Clone)]
pub(crate) struct Transaction(Arc<Shared>);

pub(crate) struct Parts {
    pub(crate) store: Store,
    /// The contract with the service's own effects of changes.
    pub(crate) contract: Contract,
    pub(crate) hooks: Hooks,
    /// True if CMD reads every setting at its start.
    pub(crate) environment: bool,
    /// The secrets that CMD's output is masked of; `None` where it is not.
    pub(crate) masks: Option<Masks>,
    pub(crate) readiness: Readiness,
    pub(crate) turns: Turns,
}

struct Shared {
    parts: Parts,
    /// The process; empty in a sidecar.
    cmd: OnceLock<CmdHandle>,
    present: Mutex<Present>,
    /// Digest of the generation that was acknowledged last.
    acknowledged: watch::Sender<Option<String>>,
    /// The task that has the generation in force acknowledged outside of a change.
    confirming: Mutex<Option<AbortHandle>>,
    /// A CMD that has ended after its start, until another takes its place.
    failed: Mutex<Option<Probation>>,
}

/// The time in which CMD is restarted: this replica has its turn, and takes no traffic.
pub(super) struct Outage {
    pub(super) turn: Turn,
    _closed: Closed,
}

/// The generation in force, with its values.
#[derive(Clone)]
pub(super) struct Present {
    pub(super) settings: Arc<Settings>,
    pub(super) generation: Arc<Generation>,
}

impl Transaction {
    /// Publishes the first generation.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn begin(parts: Parts, first: Arc<Settings>) -> io::Result<Self> {
        mask(&parts, &first)?;
        let generation = Arc::new(parts.store.write(&parts.contract, &first.values)?);
        parts.store.publish(&generation)?;
        tracing::info!(target: LIFECYCLE, generation = first.generation, "configuration delivered");
        Ok(Self(Arc::new(Shared {
            parts,
            cmd: OnceLock::new(),
            present: Mutex::new(Present { settings: first, generation }),
            acknowledged: watch::Sender::new(None),
            confirming: Mutex::default(),
            failed: Mutex::default(),
        })))
    }

    /// Delivers to `cmd` from now on.
    pub(crate) fn attach(&self, cmd: CmdHandle) {
        // There is one CMD.
        let _ = self.0.cmd.set(cmd);
    }

    /// Has CMD acknowledge the first generation, for as long as that takes; without an acknowledgement it counts as ready now.
    pub(crate) fn await_first(&self) {
        if self.0.parts.hooks.ack.is_some() {
            self.confirm(Vec::new(), None, true);
        } else {
            self.0.parts.readiness.health().mark_ready();
        }
    }

    /// Returns true if CMD has acknowledged the generation in force.
    pub(crate) fn is_acknowledged(&self) -> bool {
        let digest = self.present().generation.digest().to_owned();
        self.0.acknowledged.borrow().as_ref() == Some(&digest)
    }

    /// The secrets that CMD's output is masked of, where it is.
    pub(crate) fn masks(&self) -> Option<&Masks> {
        self.0.parts.masks.as_ref()
    }

    /// The turns of this replica to restart CMD.
    pub(crate) fn turns(&self) -> &Turns {
        &self.0.parts.turns
    }

    /// Sends traffic elsewhere, so that CMD may be stopped.
    pub(super) async fn drained(&self, turn: Turn) -> Outage {
        Outage { turn, _closed: self.0.parts.readiness.drained().await }
    }

    pub(super) fn hooks(&self) -> &Hooks {
        &self.0.parts.hooks
    }

    pub(super) fn out(&self) -> &Path {
        self.0.parts.store.out()
    }

    pub(super) fn present(&self) -> Present {
        lock(&self.0.present).clone()
    }

    /// Brings `next` into force; what is in force then is no longer confirmed.
    pub(super) fn publish(&self, next: &Present) -> io::Result<()> {
        lock(&self.0.confirming).take().into_iter().for_each(|confirming| confirming.abort());
        self.0.parts.store.publish(&next.generation)?;
        *lock(&self.0.present) = next.clone();
        Ok(())
    }

    /// Returns true if CMD has to be started again to read `changes`.
    pub(super) fn needs_restart(&self, changes: &Changes) -> bool {
        let Parts { contract, environment, .. } = &self.0.parts;
        let is_read_at_start = |key: &str| {
            *environment || contract.key(key).is_some_and(|key| key.on_change == OnChange::Restart)
        };
        self.0.cmd.get().is_some() && changes.keys().any(is_read_at_start)
    }

    /// Writes `next`, and a way back to what is in force, beside it.
    pub(super) async fn materialise(&self, next: Arc<Settings>) -> io::Result<(Present, Present)> {
        let (transaction, present) = (self.clone(), self.present());
        let written = spawn_blocking(move || {
            let Parts { store, contract, .. } = &transaction.0.parts;
            mask(&transaction.0.parts, &next)?;
            let generation = Arc::new(store.write(contract, &next.values)?);
            let back = Arc::new(store.copy(&present.generation)?);
            let back = Present { generation: back, ..present };
            Ok((Present { settings: next, generation }, back))
        });
        written.await.map_err(io::Error::other)?
    }

    /// Has CMD take what was published, by a notification or nothing, and waits for its acknowledgement. `is_first` is true where
    /// CMD reads it at its start.
    pub(super) async fn hand_over(
        &self,
        present: &Present,
        changed: &[String],
        is_first: bool,
    ) -> Result<(), String> {
        let hooks = &self.0.parts.hooks;
        let notice = Notice::of(&present.generation, changed);
        let secrets = Secrets::of([Arc::clone(&present.settings)]);
        let delivered = hooks.deliver(&notice, self.0.cmd.get(), &secrets, is_first).await;
        if hooks.ack.is_some() {
            delivered?;
            self.acknowledge(present.generation.digest());
        } else if let Err(reason) = delivered {
            tracing::warn!(target: LIFECYCLE, reason, "configuration delivered, CMD could not be notified");
        }
        Ok(())
    }

    /// Starts CMD again with what was published, and waits until it is known to work.
    pub(super) async fn start_again(&self, present: &Present, changed: &[String]) -> Result<(), String> {
        let probation = self.restart().await?;
        let works = async {
            let Parts { readiness, hooks, .. } = &self.0.parts;
            readiness.until_ready().await?;
            self.hand_over(present, changed, true).await?;
            if hooks.ack.is_none() && !readiness.asks_cmd() {
                sleep(PROBATION).await;
            }
            Ok(())
        };
        let outcome = tokio::select! {
            biased;
            exit = probation.process.ended() => Err(format!("CMD ended after its start: {exit}")),
            works = works => works,
        };
        if outcome.is_err() {
            // Its end must not end the agent before the configuration is taken back.
            *lock(&self.0.failed) = Some(probation);
        }
        outcome
    }

    /// Starts CMD again with what was published, for good.
    async fn restore(&self) {
        let restored = match self.restart().await {
            Ok(probation) => {
                // From now on its end is the agent's.
                drop((probation, lock(&self.0.failed).take()));
                self.0.parts.readiness.until_ready().await
            }
            Err(reason) => Err(reason),
        };
        if let Err(reason) = restored {
            tracing::error!(target: LIFECYCLE, reason, "CMD is not restored");
        }
    }

    async fn restart(&self) -> Result<Probation, String> {
        let Some(cmd) = self.0.cmd.get() else { return Err("there is no CMD to start".into()) };
        cmd.restart(self.variables()).await.map_err(|error| format!("CMD cannot be started: {error}"))
    }

    /// Variables for CMD beside the agent's own, of the generation in force.
    pub(crate) fn variables(&self) -> Vec<(OsString, OsString)> {
        let Parts { store, environment, .. } = &self.0.parts;
        let settings = self.present().settings;
        let mut variables = vec![("CONFPATH_DIR".into(), store.out().into())];
        if *environment {
            let values = settings.values.iter();
            variables.extend(values.map(|(key, value)| (key.into(), value.text.expose().into())));
        }
        variables
    }

    fn acknowledge(&self, digest: &str) {
        tracing::info!(target: LIFECYCLE, digest, "configuration acknowledged");
        self.0.acknowledged.send_replace(Some(digest.to_owned()));
        self.0.parts.readiness.health().mark_ready();
    }

    /// Has CMD take the generation in force, until it has or another generation is published. In an outage CMD is started again
    /// first, and the outage ends with that.
    pub(super) fn confirm(&self, changed: Vec<String>, outage: Option<Outage>, mut is_first: bool) {
        let (transaction, present) = (self.clone(), self.present());
        let task = tokio::spawn(async move {
            if let Some(outage) = outage {
                transaction.restore().await;
                drop(outage);
                // CMD has read it at its start.
                is_first = true;
            }
            let (mut last, mut pause) = (None, MIN_PAUSE);
            while let Err(reason) = transaction.hand_over(&present, &changed, is_first).await {
                if last.as_ref() != Some(&reason) {
                    tracing::warn!(target: LIFECYCLE, reason, "configuration not acknowledged, CMD is asked again");
                    last = Some(reason);
                }
                // A signal is sent once: CMD may be at work on it.
                is_first = true;
                sleep(pause).await;
                pause = (pause * 2).min(MAX_PAUSE);
            }
        });
        *lock(&self.0.confirming) = Some(task.abort_handle());
    }
}

/// Has CMD's output masked of the secrets of `settings`, before anyone gets them.
fn mask(parts: &Parts, settings: &Settings) -> io::Result<()> {
    let Some(masks) = &parts.masks else { return Ok(()) };
    let secrets = settings.values.iter().filter_map(|(key, value)| match &value.text {
        Text::Secret(secret) => Some((key.as_str(), secret.expose())),
        Text::Plain(_) => None,
    });
    for key in masks.add(secrets).map_err(io::Error::other)? {
        tracing::warn!(target: LIFECYCLE, key, "secret too short to be masked in CMD's output: choose a longer one");
    }
    Ok(())
}

/// Locks a mutex that each holder leaves whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
