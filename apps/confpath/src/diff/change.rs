//! Settings whose value changes, and the effect that this has on running pods.

use std::collections::BTreeSet;

use contract::{Contract, Key, OnChange};

use super::compatibility::{Compatibility, Order, Side};
use super::reference::Delivery;
use super::rollout::{Rollout, Running};
use crate::origin::Origin;
use crate::verdict::{Setting, Shown, Verdict};

/// One setting that differs.
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) kind: ChangeKind,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
    pub(crate) class: OnChange,
    pub(crate) is_secret: bool,
    /// Empty if the value in force stays, or if no workload takes it.
    pub(crate) effects: Vec<Effect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Added,
    Removed,
    Changed,
    /// The default is now given; its value is in force as before.
    BecameExplicit,
    /// The value is no longer given, and is the default.
    BecameDefault,
    /// A secret that only one of the manifests holds: it may be elsewhere, with the same value.
    Unseen,
}

/// An effective value as far as it may be shown.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) shown: Shown,
    pub(crate) origin: Origin,
}

/// The effect of a change on one workload.
pub(crate) struct Effect {
    /// Place of the workload in the comparison.
    pub(crate) workload: usize,
    pub(crate) moment: Moment,
    pub(crate) reason: Reason,
}

/// The time at which a change comes into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// In the running processes.
    Live,
    /// In the pods that the release starts.
    NewPods,
    /// In pods that somebody must start: the release starts none.
    AfterRestart,
    /// In no pod, as the new image refuses the new configuration.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Files, and a class that a running process takes.
    Live,
    /// Files, and a class that needs a restart.
    Class,
    /// Files of a configuration that the running image refuses as a whole.
    Refused,
    Delivery(Delivery),
    /// The default is the image's.
    Default,
    /// The workload is new.
    Created,
}

/// Compares the effective values of both sides, each by its own contract.
pub(super) fn changes(
    old: Side<'_>,
    new: Side<'_>,
    compatibility: &Compatibility,
    running: &[Running<'_>],
) -> Vec<Change> {
    let contracts = [old.contract, new.contract];
    let names: BTreeSet<_> = contracts.into_iter().flat_map(Contract::keys).map(|key| &key.name).collect();
    let change = |name: &String| {
        let settings =
            [compatibility.running(), compatibility.coming()].map(|verdict| setting(verdict, name));
        let [before, after] = settings;
        let kind = kind(before, after, is_maybe_elsewhere(old, new, name))?;
        let key = new.contract.key(name).or_else(|| old.contract.key(name))?;
        let cover = cover(old, new, name, settings);
        let value = |setting: &Setting| {
            let shown = cover.clone().unwrap_or_else(|| setting.shown.clone());
            Value { shown, origin: setting.value.origin.clone() }
        };
        let is_in_force = matches!(kind, ChangeKind::BecameExplicit | ChangeKind::BecameDefault);
        let is_default = settings.into_iter().flatten().all(is_default);
        let effect = |(place, running): (usize, &Running<'_>)| {
            let reason = reason(old, new, key, is_default, compatibility, running)?;
            Some(Effect { workload: place, moment: moment(reason, compatibility, running.rollout), reason })
        };
        let effects = running.iter().enumerate().filter(|_| !is_in_force).filter_map(effect);
        Some(Change {
            key: name.to_owned(),
            kind,
            old: before.map(value),
            new: after.map(value),
            class: key.on_change,
            is_secret: cover == Some(Shown::Secret),
            effects: effects.collect(),
        })
    };
    names.into_iter().filter_map(change).collect()
}

/// Words in place of both values, where one side alone would not show its own.
fn cover(old: Side<'_>, new: Side<'_>, name: &str, settings: [Option<&Setting>; 2]) -> Option<Shown> {
    let has =
        |part: fn(&Key) -> bool| [old, new].iter().any(|side| side.contract.key(name).is_some_and(part));
    let is_in_secret = [old, new].iter().any(|side| side.release.has_in_secret(name));
    let is_concealed = settings.into_iter().flatten().any(|setting| setting.shown == Shown::Concealed);
    if has(|key| key.secret) || is_in_secret {
        return Some(Shown::Secret);
    }
    (is_concealed || has(|key| key.concealed)).then_some(Shown::Concealed)
}

fn setting<'a>(verdict: &'a Verdict, key: &str) -> Option<&'a Setting> {
    verdict.settings.iter().find(|setting| setting.key == key)
}

fn is_default(setting: &Setting) -> bool {
    setting.value.origin == Origin::Default
}

fn kind(old: Option<&Setting>, new: Option<&Setting>, may_be_elsewhere: bool) -> Option<ChangeKind> {
    match (old, new) {
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) if may_be_elsewhere => Some(ChangeKind::Unseen),
        (None, Some(_)) => Some(ChangeKind::Added),
        (Some(_), None) => Some(ChangeKind::Removed),
        (Some(old), Some(new)) => {
            match (old.value.has_text(&new.value.text), is_default(old), is_default(new)) {
                (false, ..) => Some(ChangeKind::Changed),
                (true, true, false) => Some(ChangeKind::BecameExplicit),
                (true, false, true) => Some(ChangeKind::BecameDefault),
                (true, ..) => None,
            }
        }
    }
}

/// True for a secret, one side of which may be in another place than the manifest.
fn is_maybe_elsewhere(old: Side<'_>, new: Side<'_>, name: &str) -> bool {
    let may = |side: Side<'_>| {
        let key = side.contract.key(name).filter(|key| key.secret);
        key.is_some_and(|key| side.release.may_take_elsewhere(key, side.release))
    };
    may(old) || may(new)
}

/// The reason for the moment of a change on one workload; `None` if the workload does not take the setting.
fn reason(
    old: Side<'_>,
    new: Side<'_>,
    key: &Key,
    is_default: bool,
    compatibility: &Compatibility,
    running: &Running<'_>,
) -> Option<Reason> {
    let mut deliveries = new.release.deliveries(running.new, &key.name);
    if let Some(workload) = running.old {
        // A value that goes away is in an object of the old release only.
        deliveries.extend(old.release.deliveries(workload, &key.name));
    }
    let [_, accepted_by_running, ..] = &compatibility.pairs;
    match deliveries.iter().max() {
        None if !is_default => None,
        _ if running.rollout == Rollout::Created => Some(Reason::Created),
        _ if is_default => Some(Reason::Default),
        Some(Delivery::Files) if key.on_change == OnChange::Restart => Some(Reason::Class),
        Some(Delivery::Files) if !accepted_by_running.is_accepted() => Some(Reason::Refused),
        Some(Delivery::Files) => Some(Reason::Live),
        delivery => delivery.copied().map(Reason::Delivery),
    }
}

fn moment(reason: Reason, compatibility: &Compatibility, rollout: Rollout) -> Moment {
    match (reason, rollout) {
        _ if compatibility.order == Order::Refused => Moment::Never,
        (Reason::Live, _) => Moment::Live,
        (_, Rollout::Created | Rollout::Replaced) => Moment::NewPods,
        (_, Rollout::None | Rollout::OnDelete) => Moment::AfterRestart,
    }
}
