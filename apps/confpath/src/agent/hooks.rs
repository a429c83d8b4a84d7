//! Calls of the service's hooks: prepare, notify, acknowledge. A hook gets a directory and a digest, never a value.

mod ack_file;
mod command;
mod http;
mod notice;
mod reason;

use std::path::PathBuf;
use std::time::Duration;

use ::http::StatusCode;
use live_config::{Refusal, RefusalKind};
use tokio::time::{sleep, timeout};

use crate::agent::process::{CmdHandle, Processes};
use crate::args::{Ack, DeliveryArgs, Endpoint, NotifyHook, PrepareHook};

pub(crate) use self::http::get_status;
use self::http::{Answer, post};
pub(crate) use notice::Notice;
pub(crate) use reason::Secrets;

/// Pause before a server that cannot be reached is called again.
const PAUSE: Duration = Duration::from_millis(100);
/// Pause between two looks at the file of acknowledgements, at first.
const MIN_LOOK: Duration = Duration::from_millis(10);
const MAX_LOOK: Duration = Duration::from_millis(250);

/// The hooks of a service, with their time limits.
pub(crate) struct Hooks {
    pub(crate) prepare: Option<PrepareHook>,
    pub(crate) notify: Option<NotifyHook>,
    pub(crate) ack: Option<Ack>,
    pub(crate) prepare_timeout: Duration,
    pub(crate) ack_timeout: Duration,
    /// The file of acknowledgements.
    pub(crate) ack_file: PathBuf,
    pub(crate) processes: Processes,
}

impl Hooks {
    /// The hooks that `flags` name.
    pub(crate) fn of(flags: &DeliveryArgs, ack_file: PathBuf, processes: Processes) -> Self {
        Self {
            prepare: flags.prepare.clone(),
            notify: flags.notify.clone(),
            ack: flags.ack,
            prepare_timeout: flags.prepare_timeout,
            ack_timeout: flags.ack_timeout,
            ack_file,
            processes,
        }
    }

    /// Asks whether a candidate may come into force.
    ///
    /// # Errors
    /// The hook refuses, or has given no answer in time.
    pub(crate) async fn prepare(&self, notice: &Notice<'_>, secrets: &Secrets) -> Result<(), Refusal> {
        let asked = async {
            match &self.prepare {
                None => Ok(()),
                Some(PrepareHook::Command(words)) => {
                    command::prepare(&self.processes, words, notice, secrets).await
                }
                Some(PrepareHook::Http(endpoint)) => prepare_by_http(endpoint, notice, secrets).await,
            }
        };
        let late = || Refusal::transient(format!("prepare gave no answer within {:?}", self.prepare_timeout));
        timeout(self.prepare_timeout, asked).await.unwrap_or_else(|_| Err(late()))
    }

    /// Notifies the service, and waits until it has acknowledged where it is to do so. `is_first` is true where CMD reads the
    /// generation at its start anyway: then it may not be ready for a signal.
    ///
    /// # Errors
    /// The reason why there is no acknowledgement or, where none is asked for, why the service could not be notified.
    pub(crate) async fn deliver(
        &self,
        notice: &Notice<'_>,
        cmd: Option<&CmdHandle>,
        secrets: &Secrets,
        is_first: bool,
    ) -> Result<(), String> {
        match (&self.notify, self.ack) {
            (Some(NotifyHook::Signal(signal)), _) if !is_first => {
                let sent = async {
                    while let Some(cmd) = cmd
                        && !cmd.notify(*signal).await
                    {
                        sleep(PAUSE).await;
                    }
                };
                let late = |_| format!("CMD has no handler for its signal within {:?}", self.ack_timeout);
                timeout(self.ack_timeout, sent).await.map_err(late)?;
            }
            (Some(NotifyHook::Http(endpoint)), ack) if !is_first || ack.is_some() => {
                let answered = self.call(endpoint, notice, ack.is_some_and(|ack| ack == Ack::Response));
                answered.await?.map_or(Ok(()), |answer| verdict(&answer, notice.digest, secrets))?;
            }
            (Some(_) | None, _) => {}
        }
        match self.ack {
            Some(Ack::File) => self.acknowledged_by_file(notice.digest).await,
            Some(Ack::Response) | None => Ok(()),
        }
    }

    /// Calls a server that may not be up yet, again and again. Returns the answer if it counts.
    async fn call(
        &self,
        endpoint: &Endpoint,
        notice: &Notice<'_>,
        counts: bool,
    ) -> Result<Option<Answer>, String> {
        let mut last = String::from("gave no answer");
        let calls = async {
            loop {
                match post(endpoint, notice.document()?).await {
                    Ok(answer) => return Ok(counts.then_some(answer)),
                    Err(reason) => last = reason,
                }
                sleep(PAUSE).await;
            }
        };
        let called = timeout(self.ack_timeout, calls).await;
        called.unwrap_or_else(|_| {
            Err(format!("http://{} {last} within {:?}", endpoint.authority, self.ack_timeout))
        })
    }

    async fn acknowledged_by_file(&self, digest: &str) -> Result<(), String> {
        let mut found = None;
        let looks = async {
            let mut pause = MIN_LOOK;
            loop {
                found = ack_file::read(&self.ack_file);
                if found.as_deref() == Some(digest) {
                    return;
                }
                sleep(pause).await;
                pause = (pause * 11 / 10).min(MAX_LOOK);
            }
        };
        let looked = timeout(self.ack_timeout, looks).await;
        looked.map_err(|_| {
            let what = if found.is_some() { "holds the digest of another generation" } else { "holds none" };
            format!("no acknowledgement within {:?}: {} {what}", self.ack_timeout, self.ack_file.display())
        })
    }
}

async fn prepare_by_http(endpoint: &Endpoint, notice: &Notice<'_>, secrets: &Secrets) -> Result<(), Refusal> {
    let document = notice.document().map_err(Refusal::permanent)?;
    let answer = post(endpoint, document)
        .await
        .map_err(|reason| Refusal::transient(format!("prepare: http://{} {reason}", endpoint.authority)))?;
    if answer.status.is_success() {
        return Ok(());
    }
    let kind = match answer.status {
        StatusCode::SERVICE_UNAVAILABLE => RefusalKind::Transient,
        _ => RefusalKind::Permanent,
    };
    let message = format!("prepare {}", answered(&answer, secrets));
    Err(Refusal { setting: None, message, kind })
}

/// Decides whether an answer acknowledges the generation of `digest`.
fn verdict(answer: &Answer, digest: &str, secrets: &Secrets) -> Result<(), String> {
    if !answer.status.is_success() {
        return Err(format!("the notification was {}", answered(answer, secrets)));
    }
    if !answer.is_whole {
        return Err("the answer to the notification is too long for an acknowledgement".into());
    }
    let body = answer.body.trim_ascii();
    let is_digest = body.len() == digest.len() && body.iter().all(u8::is_ascii_hexdigit);
    if is_digest && !body.eq_ignore_ascii_case(digest.as_bytes()) {
        return Err("the digest of another generation was acknowledged".into());
    }
    Ok(())
}

/// `answered 500: its reason`.
fn answered(answer: &Answer, secrets: &Secrets) -> String {
    match secrets.shown(&answer.body, answer.is_whole) {
        reason if reason.is_empty() => format!("answered {}", answer.status.as_u16()),
        reason => format!("answered {}: {reason}", answer.status.as_u16()),
    }
}
