//! Workloads of a release: their pods, and what these take from ConfigMaps and Secrets.

use std::collections::BTreeMap;

use super::reference::{Delivery, Keys, Reference, References, text};
use crate::document::{Content, Map, Node};
use crate::sources::objects::Object;

/// Kinds whose pods are replaced when their template changes.
const KINDS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// One ConfigMap or Secret with the names of its values.
pub(crate) struct Holding<'a> {
    pub(crate) is_secret: bool,
    pub(crate) name: &'a str,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) keys: Vec<&'a str>,
}

/// An object that runs pods.
pub(crate) struct Workload<'a> {
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) pods: Pods,
    /// True if its pods are replaced by someone who deletes them.
    pub(crate) is_on_delete: bool,
    pub(crate) template: &'a Node,
    pub(crate) takes: References<'a>,
}

/// The number of a workload's pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pods {
    Exactly(u64),
    /// An autoscaler decides within limits.
    Between(u64, u64),
    /// One on each node that a DaemonSet selects.
    PerNode,
    /// The manifest has no number.
    Unknown,
}

impl<'a> Workload<'a> {
    /// Reads an object; `None` if it runs no pods.
    pub(super) fn of(object: &Object<'a>, autoscalers: &[Autoscaler<'a>]) -> Option<Self> {
        let spec = object.map.get("spec")?.map()?;
        let job = || spec.get("jobTemplate")?.map()?.get("spec")?.map()?.get("template");
        let template = match object.kind() {
            // A Pod is its own template.
            "Pod" => object.map.get("spec")?,
            _ => spec.get("template").or_else(job)?,
        };
        let pod = if object.kind() == "Pod" { spec } else { template.map()?.get("spec")?.map()? };
        let strategy = |field: &str| spec.get(field).and_then(Node::map).map(|map| text(map, "type"));
        let mut workload = Self {
            kind: object.kind(),
            name: object.name(),
            namespace: object.namespace(),
            pods: Pods::Unknown,
            is_on_delete: strategy("updateStrategy") == Some("OnDelete"),
            template,
            takes: References::of(pod),
        };
        let autoscaler = autoscalers.iter().find(|autoscaler| autoscaler.scales(&workload));
        workload.pods = match (autoscaler, spec.get("replicas").and_then(Node::count)) {
            _ if workload.kind == "DaemonSet" => Pods::PerNode,
            (Some(autoscaler), _) => Pods::Between(autoscaler.least, autoscaler.most),
            (None, Some(number)) => Pods::Exactly(number),
            (None, None) => Pods::Unknown,
        };
        Some(workload)
    }

    pub(super) fn replaces_pods(&self) -> bool {
        KINDS.contains(&self.kind)
    }

    pub(super) fn is_same_object(&self, other: &Workload<'_>) -> bool {
        (self.kind, self.name) == (other.kind, other.name) && share_namespace(self.namespace, other.namespace)
    }

    /// The ways on which its pods get a setting from objects with `holdings`.
    pub(super) fn deliveries(&self, key: &str, holdings: &[Holding<'_>]) -> Vec<Delivery> {
        let takes = |reference: &&Reference<'a>| match &reference.keys {
            // With a prefix the process sees other names than those that the objects are read by.
            Keys::All { prefix } => {
                prefix.is_empty()
                    && self.rendered(reference, holdings).any(|holding| holding.keys.contains(&key))
            }
            Keys::Named(names) => names.iter().any(|(_, seen)| *seen == key),
        };
        let mut deliveries: Vec<_> =
            self.takes.references.iter().filter(takes).map(|reference| reference.delivery).collect();
        deliveries.sort();
        deliveries.dedup();
        deliveries
    }

    /// True if its pods may get a setting from an object that is not among `holdings`, under another name, or from a variable
    /// in the template.
    pub(super) fn may_take_elsewhere(&self, key: &str, holdings: &[Holding<'_>]) -> bool {
        let is_elsewhere = |reference: &Reference<'a>| match &reference.keys {
            Keys::All { prefix } => {
                self.rendered(reference, holdings).next().is_none()
                    || (!prefix.is_empty() && key.starts_with(prefix))
            }
            Keys::Named(names) => names.iter().any(|(name, seen)| {
                *seen == key && (*name != key || self.rendered(reference, holdings).next().is_none())
            }),
        };
        self.takes.pinned.contains(key) || self.takes.references.iter().any(is_elsewhere)
    }

    fn rendered<'b>(
        &'b self,
        reference: &'b Reference<'a>,
        holdings: &'b [Holding<'b>],
    ) -> impl Iterator<Item = &'b Holding<'b>> {
        holdings.iter().filter(|holding| {
            (holding.is_secret, holding.name) == (reference.is_secret, reference.name)
                && share_namespace(holding.namespace, self.namespace)
        })
    }
}

/// An object that sets the number of another one's pods.
pub(super) struct Autoscaler<'a> {
    kind: &'a str,
    name: &'a str,
    namespace: Option<&'a str>,
    least: u64,
    most: u64,
}

impl<'a> Autoscaler<'a> {
    /// Reads an object; `None` if it is no autoscaler. Defaults are those of the APIs.
    pub(super) fn of(object: &Object<'a>) -> Option<Self> {
        let spec = object.map.get("spec")?.map()?;
        let target = spec.get("scaleTargetRef")?.map()?;
        let count = |field: &str, default: u64| spec.get(field).and_then(Node::count).unwrap_or(default);
        let (least, most) = match object.kind() {
            "HorizontalPodAutoscaler" => (count("minReplicas", 1), count("maxReplicas", 1)),
            "ScaledObject" => (count("minReplicaCount", 0), count("maxReplicaCount", 100)),
            _ => return None,
        };
        let kind = Some(text(target, "kind")).filter(|kind| !kind.is_empty()).unwrap_or("Deployment");
        Some(Self { kind, name: text(target, "name"), namespace: object.namespace(), least, most })
    }

    fn scales(&self, workload: &Workload<'_>) -> bool {
        (self.kind, self.name) == (workload.kind, workload.name)
            && share_namespace(self.namespace, workload.namespace)
    }
}

/// Charts name the namespace of some objects and leave out that of others.
fn share_namespace(one: Option<&str>, other: Option<&str>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// Most parts that two templates are compared by: aliases make a small file a large tree.
const MAX_PARTS: u32 = 100_000;

/// Compares two templates without regard to the order of names; `null` is as good as absent.
pub(super) fn is_same(one: &Node, other: &Node) -> bool {
    is_same_within(one, other, &mut { MAX_PARTS })
}

fn is_same_within(one: &Node, other: &Node, parts: &mut u32) -> bool {
    let Some(rest) = parts.checked_sub(1) else { return false };
    *parts = rest;
    match (&one.content, &other.content) {
        (Content::Scalar(one), Content::Scalar(other)) => one == other,
        (Content::List(one), Content::List(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| is_same_within(one, other, parts))
        }
        (Content::Map(one), Content::Map(other)) => {
            let (one, other) = (by_name(one), by_name(other));
            let mut pairs = one.iter().zip(&other);
            one.len() == other.len()
                && pairs.all(|((a, one), (b, other))| a == b && is_same_within(one, other, parts))
        }
        (Content::Scalar(_) | Content::List(_) | Content::Map(_), _) => false,
    }
}

fn by_name(map: &Map) -> BTreeMap<&str, &Node> {
    let entries = map.0.iter().filter(|entry| !entry.value.is_null());
    entries.map(|entry| (entry.name.as_str(), &*entry.value)).collect()
}
