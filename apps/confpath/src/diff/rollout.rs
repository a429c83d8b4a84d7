//! Workloads that take the settings, and what the release does to their pods.

use super::compatibility::Side;
use super::workload::{Workload, is_same};

/// A workload of the new release.
pub(crate) struct Running<'a> {
    pub(crate) old: Option<&'a Workload<'a>>,
    pub(crate) new: &'a Workload<'a>,
    pub(crate) rollout: Rollout,
}

/// Effect of the release on the pods of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rollout {
    /// The template stays, and so do the pods.
    None,
    /// The template changes: all pods are replaced.
    Replaced,
    /// The template changes, and a pod follows when someone deletes it.
    OnDelete,
    /// The workload is new.
    Created,
}

/// The workloads that take settings, by what becomes of them.
pub(crate) struct Workloads<'a> {
    pub(crate) running: Vec<Running<'a>>,
    /// Workloads that the new release has no more.
    pub(crate) removed: Vec<&'a Workload<'a>>,
    /// Objects that run pods and do not replace them by themselves, such as jobs.
    pub(crate) others: Vec<&'a Workload<'a>>,
}

impl<'a> Workloads<'a> {
    pub(super) fn of(old: Side<'a>, new: Side<'a>) -> Self {
        // A release that loses a setting has the object's name only in its template, and not that of the setting.
        let takes = |side: Side<'a>, workload: &Workload<'_>| {
            [old.contract, new.contract]
                .iter()
                .any(|contract| side.release.takes_settings(workload, contract))
        };
        let before = |workload: &Workload<'_>| same_object(old, workload);
        let is_user = |workload: &&Workload<'_>| {
            takes(new, workload) || before(workload).is_some_and(|before| takes(old, before))
        };
        let users = new.release.workloads().iter().filter(is_user);
        let (replacing, others): (Vec<_>, _) = users.partition(|workload| workload.replaces_pods());
        let running = replacing.into_iter().map(|new| {
            let old = before(new);
            Running { old, new, rollout: rollout(old, new) }
        });
        let is_gone = |workload: &&Workload<'_>| takes(old, workload) && same_object(new, workload).is_none();
        Self {
            running: running.collect(),
            removed: old.release.workloads().iter().filter(is_gone).collect(),
            others,
        }
    }
}

fn same_object<'a>(side: Side<'a>, workload: &Workload<'_>) -> Option<&'a Workload<'a>> {
    side.release.workloads().iter().find(|other| other.is_same_object(workload))
}

fn rollout(old: Option<&Workload<'_>>, new: &Workload<'_>) -> Rollout {
    match old {
        None => Rollout::Created,
        Some(old) if is_same(old.template, new.template) => Rollout::None,
        Some(_) if new.is_on_delete => Rollout::OnDelete,
        Some(_) => Rollout::Replaced,
    }
}
