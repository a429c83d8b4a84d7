//! Sentences on a comparison, the same in text and in Markdown. Names of others are in them as they are.

use crate::diff::{
    Change, ChangeKind, ContractChangeKind, Delivery, Diff, Effect, Extent, Moment, Order, Pair, Pods,
    Reason, Rollout, Running, Value, Workload,
};
use crate::verdict::Shown;

/// Most characters of a value that are shown.
const MAX_SHOWN: usize = 80;

/// The outcome in one line.
pub(super) fn summary(diff: &Diff<'_>) -> String {
    let moment = |change: &Change| change.effects.iter().map(|effect| effect.moment).max();
    let number = |moments: &[Moment]| {
        diff.changes
            .iter()
            .filter(|change| moment(change).is_some_and(|when| moments.contains(&when)))
            .count()
    };
    let parts = [
        (number(&[Moment::Live]), "without a restart"),
        (number(&[Moment::NewPods]), "with new pods"),
        (number(&[Moment::AfterRestart]), "only after a restart that this release does not cause"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, how)| format!("{number} {how}"))
        .collect();
    let changes = match diff.changes.len() {
        0 => "no setting differs".into(),
        1 => "1 setting differs".into(),
        number => format!("{number} settings differ"),
    };
    let changes = if parts.is_empty() { changes } else { format!("{changes}: {}", parts.join(", ")) };
    let outcome = match &diff.compatibility.order {
        Order::Any => "nothing is refused",
        Order::ConfigurationFirst => "the configuration must change before the image",
        Order::ImageFirst => "the image must change before the configuration",
        Order::Steps { .. } => "image and configuration must change in steps",
        Order::None { .. } => "image and configuration cannot change one after the other",
        Order::Refused => "the new image refuses the new configuration",
    };
    format!("{changes}; {outcome}")
}

/// The order of changes, as sentences for who makes them.
pub(super) fn order(order: &Order) -> Vec<String> {
    match order {
        Order::Any => vec!["Image and configuration may change in any order.".into()],
        Order::ConfigurationFirst => vec![
            "Change the configuration first, then the image: the new image refuses the old configuration."
                .into(),
        ],
        Order::ImageFirst => vec![
            "Change the image first, then the configuration: the old image refuses the new configuration."
                .into(),
        ],
        Order::Steps { later } => vec![
            "Each image refuses the other's configuration. These steps work:".into(),
            format!("1. the new configuration, with {} as in the old one", later.join(", ")),
            "2. the new image".into(),
            format!("3. the new value of {}", later.join(", ")),
        ],
        Order::None { settings } => vec![
            format!(
                "Each image refuses the other's configuration, and no mixture of both suits both: {}.",
                settings.join(", ")
            ),
            "1. Release an image that accepts the old and the new values of these settings.".into(),
            "2. Release the new configuration and then the new image.".into(),
        ],
        Order::Refused => vec!["The new image refuses the new configuration: release neither.".into()],
    }
}

pub(super) fn change(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
        ChangeKind::BecameExplicit => "now given",
        ChangeKind::BecameDefault => "no longer given",
        ChangeKind::Unseen => "in one manifest only",
    }
}

/// A value for people: cut in the middle where it is long, `Err` with a mark where it is not shown.
pub(super) fn value(value: Option<&Value>) -> Result<(String, Option<usize>), &'static str> {
    match value.map(|value| &value.shown) {
        None => Err(""),
        Some(Shown::Secret) => Err("(secret)"),
        Some(Shown::Concealed) => Err("(concealed)"),
        Some(Shown::Value(text)) => Ok(cut(text)),
    }
}

/// A text without its middle, and the number of its characters, where there are too many.
fn cut(text: &str) -> (String, Option<usize>) {
    let characters: Vec<_> = text.chars().collect();
    if characters.len() <= MAX_SHOWN {
        return (text.to_owned(), None);
    }
    let half = MAX_SHOWN / 2 - 1;
    let (first, last) = (&characters[..half], &characters[characters.len() - half..]);
    (first.iter().chain(&['…']).chain(last).collect(), Some(characters.len()))
}

/// The effect of a change on each workload; one sentence where it has none.
pub(super) fn effects(change: &Change, diff: &Diff<'_>) -> Vec<String> {
    match (change.kind, change.effects.as_slice()) {
        (ChangeKind::BecameExplicit | ChangeKind::BecameDefault, _) => {
            vec!["none: the same value is in force".into()]
        }
        (ChangeKind::Unseen, []) => vec!["unknown".into()],
        (_, []) => vec!["none: no workload of these manifests takes it".into()],
        (_, effects) => effects.iter().filter_map(|effect| effect_on(effect, diff)).collect(),
    }
}

fn effect_on(effect: &Effect, diff: &Diff<'_>) -> Option<String> {
    let running = diff.workloads.running.get(effect.workload)?;
    let moment = match (effect.moment, running.rollout) {
        (Moment::Live, Rollout::Replaced | Rollout::Created) => "without a restart, and in new pods",
        (Moment::Live, Rollout::None | Rollout::OnDelete) => "without a restart",
        (Moment::NewPods, _) => "with new pods",
        (Moment::Never, _) => "never",
        (Moment::AfterRestart, _) => "only after a restart, which this release does not cause",
    };
    let reason = match effect.reason {
        Reason::Live => "",
        _ if effect.moment == Moment::Never => ", as the new image refuses the new configuration",
        Reason::Class => ", as its class says",
        Reason::Refused => ", as the old image refuses the new configuration",
        Reason::Delivery(Delivery::Environment) => ", as variables are fixed",
        Reason::Delivery(Delivery::SubPath) => ", as files by subPath are fixed",
        Reason::Delivery(Delivery::InitContainer) => ", as an init container reads it",
        Reason::Delivery(Delivery::Files) => ", as a file",
        Reason::Default => ", as defaults are the image's",
        Reason::Created => ", which are the first",
    };
    Some(format!("{moment}{reason}: {} ({})", workload(running.new), pods(&running.new.pods)))
}

pub(super) fn workload(workload: &Workload<'_>) -> String {
    format!("{}/{}", workload.kind, workload.name)
}

pub(super) fn pods(pods: &Pods) -> String {
    match pods {
        Pods::Exactly(1) => "1 pod".into(),
        Pods::Exactly(number) => format!("{number} pods"),
        Pods::Between(least, most) => format!("{least} to {most} pods, as an autoscaler decides"),
        Pods::PerNode => "one pod a node".into(),
        Pods::Unknown => "an unknown number of pods".into(),
    }
}

/// The sentence on a workload's pods.
pub(super) fn rollout(running: &Running<'_>) -> String {
    let now = pods(&running.new.pods);
    let number = match running.old {
        Some(old) if old.pods != running.new.pods => format!("{now} (before: {})", pods(&old.pods)),
        Some(_) | None => now,
    };
    let what = match running.rollout {
        Rollout::None => "none is replaced, since the pod template stays",
        Rollout::Replaced => "all are replaced, since the pod template changes",
        Rollout::OnDelete => {
            "each is replaced when someone deletes it (OnDelete), since the pod template changes"
        }
        Rollout::Created => "the workload is new",
    };
    format!("{number}; {what}")
}

/// A change of the contract without the name of the setting.
pub(super) fn contract_change(kind: &ContractChangeKind) -> String {
    match kind {
        ContractChangeKind::Added { is_required: true } => "added, required".into(),
        ContractChangeKind::Added { is_required: false } => "added".into(),
        ContractChangeKind::Removed => "removed".into(),
        ContractChangeKind::Keyword { name, old, new, extent } => {
            let extent = match extent {
                Extent::Narrower => " (narrower)",
                Extent::Wider => " (wider)",
                Extent::Other => "",
            };
            let text = |value: &Option<String>| {
                value.as_deref().map_or("none".into(), |value| {
                    let (text, length) = cut(value);
                    length.map_or(text.clone(), |length| format!("{text} ({length} characters)"))
                })
            };
            format!("{name} {} -> {}{extent}", text(old), text(new))
        }
    }
}

/// The verdict of a pair in a few words.
pub(super) fn verdict(pair: &Pair, diff: &Diff<'_>) -> String {
    let verdict = match pair.verdict.problems.len() {
        0 => "accepted".into(),
        1 => "refused: 1 problem".into(),
        number => format!("refused: {number} problems"),
    };
    match diff.ignored(pair).collect::<Vec<_>>().join(", ") {
        ignored if ignored.is_empty() => verdict,
        ignored => format!("{verdict}; ignores {ignored}"),
    }
}

/// Facts that a reader of the comparison should know, each a sentence.
pub(super) fn notes(diff: &Diff<'_>) -> Vec<String> {
    let compatibility = &diff.compatibility;
    let (before, after) = (compatibility.running(), compatibility.coming());
    let mut notes = Vec::new();
    let (known, new): (Vec<_>, Vec<_>) = after.excused.iter().partition(|key| before.excused.contains(key));
    let join = |keys: &[&String]| keys.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(", ");
    if !new.is_empty() {
        notes.push(format!("newly required, and not in these manifests: {}; give it first", join(&new)));
    }
    if !known.is_empty() {
        notes.push(format!("required, and not in these manifests: {}", join(&known)));
    }
    for running in &diff.workloads.running {
        let pinned = running.new.takes.pinned.iter().filter(|name| diff.is_setting(name));
        notes.extend(pinned.map(|name| {
            format!(
                "{} sets {name} in its pod template, which overrides ConfigMap and Secret",
                workload(running.new)
            )
        }));
    }
    notes.extend(diff.workloads.removed.iter().map(|gone| format!("{} is removed", workload(gone))));
    notes.extend(diff.workloads.others.iter().map(|other| {
        format!(
            "{} takes settings when it starts; its pods are not replaced by this release",
            workload(other)
        )
    }));
    let unknown = after.unknown.iter().filter(|unknown| !diff.is_setting(&unknown.name));
    notes.extend(unknown.map(|unknown| {
        let nearest =
            unknown.nearest.as_ref().map(|key| format!(", did you mean {key}?")).unwrap_or_default();
        format!("unknown setting {} ({}){nearest}", unknown.name, unknown.origin)
    }));
    notes
}
