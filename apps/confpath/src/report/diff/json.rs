//! A comparison as one JSON document.

use serde_json::{Value as Json, json};

use super::words;
use crate::diff::{
    Age, Change, ChangeKind, ContractChange, ContractChangeKind, Delivery, Diff, Effect, Extent, Moment,
    Order, Pair, Pods, Reason, Rollout, Running, Value,
};
use crate::report::json::{problem, unknown};
use crate::verdict::Shown;

/// Formats a comparison.
///
/// # Errors
/// The serializer's; none is known for texts.
pub(crate) fn report(diff: &Diff<'_>) -> serde_json::Result<String> {
    let compatibility = &diff.compatibility;
    let workloads = &diff.workloads;
    let excused = &compatibility.coming().excused;
    let mut document = json!({
        "summary": words::summary(diff),
        "order": order(&compatibility.order),
        "changes": diff.changes.iter().map(|one| change(one, diff)).collect::<Vec<_>>(),
        "workloads": workloads.running.iter().map(workload).collect::<Vec<_>>(),
        "contract": diff.contract.iter().map(contract_change).collect::<Vec<_>>(),
        "pairs": compatibility.pairs.iter().map(|one| pair(one, diff)).collect::<Vec<_>>(),
        "elsewhere": excused,
        "notes": words::notes(diff),
    });
    match &compatibility.order {
        Order::Steps { later: settings } | Order::None { settings } => document["settings"] = json!(settings),
        Order::Any | Order::ConfigurationFirst | Order::ImageFirst | Order::Refused => {}
    }
    serde_json::to_string_pretty(&document)
}

fn order(order: &Order) -> &'static str {
    match order {
        Order::Any => "any",
        Order::ConfigurationFirst => "configuration first",
        Order::ImageFirst => "image first",
        Order::Steps { .. } => "steps",
        Order::None { .. } => "none",
        Order::Refused => "refused",
    }
}

fn change(change: &Change, diff: &Diff<'_>) -> Json {
    let kind = match change.kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
        ChangeKind::BecameExplicit => "explicit",
        ChangeKind::BecameDefault => "default",
        ChangeKind::Unseen => "unseen",
    };
    json!({
        "key": change.key,
        "change": kind,
        "class": change.class.as_str(),
        "secret": change.is_secret,
        "old": change.old.as_ref().map(value),
        "new": change.new.as_ref().map(value),
        "effects": change.effects.iter().filter_map(|one| effect(one, diff)).collect::<Vec<_>>(),
    })
}

fn value(value: &Value) -> Json {
    let mut document = json!({ "origin": value.origin.to_string() });
    if let Shown::Value(text) = &value.shown {
        document["value"] = json!(text);
    }
    document
}

fn effect(effect: &Effect, diff: &Diff<'_>) -> Option<Json> {
    let moment = match effect.moment {
        Moment::Live => "live",
        Moment::NewPods => "new pods",
        Moment::AfterRestart => "after restart",
        Moment::Never => "never",
    };
    let reason = match effect.reason {
        Reason::Live | Reason::Delivery(Delivery::Files) => "files",
        Reason::Class => "class",
        Reason::Refused => "refused",
        Reason::Delivery(Delivery::SubPath) => "subPath",
        Reason::Delivery(Delivery::InitContainer) => "init container",
        Reason::Delivery(Delivery::Environment) => "environment",
        Reason::Default => "default",
        Reason::Created => "created",
    };
    let workload = words::workload(diff.workloads.running.get(effect.workload)?.new);
    Some(json!({ "workload": workload, "moment": moment, "reason": reason }))
}

fn workload(running: &Running<'_>) -> Json {
    let rollout = match running.rollout {
        Rollout::None => "none",
        Rollout::Replaced => "all pods",
        Rollout::OnDelete => "on delete",
        Rollout::Created => "created",
    };
    json!({
        "workload": words::workload(running.new),
        "namespace": running.new.namespace,
        "pods": pods(&running.new.pods),
        "podsBefore": running.old.map(|old| pods(&old.pods)),
        "replaced": rollout,
    })
}

fn pods(pods: &Pods) -> Json {
    match pods {
        Pods::Exactly(number) => json!({ "minimum": number, "maximum": number }),
        Pods::Between(least, most) => json!({ "minimum": least, "maximum": most }),
        Pods::PerNode => json!({ "perNode": 1 }),
        Pods::Unknown => json!({}),
    }
}

fn contract_change(change: &ContractChange) -> Json {
    let ContractChange { key, kind } = change;
    match kind {
        ContractChangeKind::Added { is_required } => {
            json!({ "key": key, "change": "added", "required": is_required })
        }
        ContractChangeKind::Removed => json!({ "key": key, "change": "removed" }),
        ContractChangeKind::Keyword { name, old, new, extent } => {
            let extent = match extent {
                Extent::Narrower => Some("narrower"),
                Extent::Wider => Some("wider"),
                Extent::Other => None,
            };
            json!({ "key": key, "change": "keyword", "keyword": name, "old": old, "new": new, "extent": extent })
        }
    }
}

fn pair(pair: &Pair, diff: &Diff<'_>) -> Json {
    let age = |age: Age| if age == Age::Old { "old" } else { "new" };
    json!({
        "image": age(pair.image),
        "configuration": age(pair.configuration),
        "accepted": pair.is_accepted(),
        "problems": pair.verdict.problems.iter().map(problem).collect::<Vec<_>>(),
        "ignored": diff.ignored(pair).collect::<Vec<_>>(),
        "unknown": pair.verdict.unknown.iter().map(unknown).collect::<Vec<_>>(),
    })
}
