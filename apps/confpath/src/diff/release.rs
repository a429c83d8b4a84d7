//! One rendered release: objects with values, and workloads that take them.

use contract::{Contract, Key};

use super::reference::Delivery;
use super::workload::{Autoscaler, Holding, Workload};
use crate::document::Node;
use crate::origin::Given;
use crate::sources::manifest;
use crate::sources::objects::{Object, Stream};

/// A release of one namespace.
pub(crate) struct Release<'a> {
    streams: &'a [Stream],
    namespace: Option<&'a str>,
    holdings: Vec<Holding<'a>>,
    workloads: Vec<Workload<'a>>,
}

impl<'a> Release<'a> {
    /// Reads the objects of a release; with a namespace those in it, and those without one.
    pub(crate) fn new(streams: &'a [Stream], namespace: Option<&'a str>) -> Self {
        let objects: Vec<_> = streams
            .iter()
            .flat_map(Stream::documents)
            .flat_map(|(objects, _)| objects)
            .filter(|object| manifest::is_in(object, namespace) && !is_hook(object))
            .collect();
        let autoscalers: Vec<_> = objects.iter().filter_map(Autoscaler::of).collect();
        let workloads = objects.iter().filter_map(|object| Workload::of(object, &autoscalers)).collect();
        Self { streams, namespace, holdings: objects.iter().filter_map(holding).collect(), workloads }
    }

    /// The values of the release, as a process with this contract takes them.
    pub(super) fn given(&self, contract: &Contract) -> Given {
        manifest::read(contract, self.streams, self.namespace)
    }

    pub(super) fn workloads(&self) -> &[Workload<'a>] {
        &self.workloads
    }

    /// True if a Secret holds the setting, whatever its contract says of it.
    pub(super) fn has_in_secret(&self, key: &str) -> bool {
        self.holdings.iter().any(|holding| holding.is_secret && holding.keys.contains(&key))
    }

    /// The ways on which a workload of this release gets a setting.
    pub(super) fn deliveries(&self, workload: &Workload<'_>, key: &str) -> Vec<Delivery> {
        workload.deliveries(key, &self.holdings)
    }

    /// True if a workload of this release takes one of the contract's settings.
    pub(super) fn takes_settings(&self, workload: &Workload<'_>, contract: &Contract) -> bool {
        contract.keys().iter().any(|key| !self.deliveries(workload, &key.name).is_empty())
    }

    /// True if pods of this release may get a setting that the objects of `other` do not hold. Secrets are mostly kept elsewhere, so
    /// one that no workload refers to is none that is missing.
    pub(super) fn may_take_elsewhere(&self, key: &Key, other: &Self) -> bool {
        let is_elsewhere = |workload: &Workload<'a>| workload.may_take_elsewhere(&key.name, &other.holdings);
        let is_taken = |workload: &Workload<'a>| !workload.deliveries(&key.name, &other.holdings).is_empty();
        self.workloads.iter().any(is_elsewhere) || (key.secret && !self.workloads.iter().any(is_taken))
    }
}

/// Tests and jobs of Helm, which are no part of what runs.
fn is_hook(object: &Object<'_>) -> bool {
    let annotations = object.map.get("metadata").and_then(Node::map);
    let annotations = annotations.and_then(|metadata| metadata.get("annotations")?.map());
    annotations.is_some_and(|annotations| annotations.get("helm.sh/hook").is_some())
}

fn holding<'a>(object: &Object<'a>) -> Option<Holding<'a>> {
    let is_secret = manifest::is_secret(object)?;
    let entries = manifest::fields(object).flat_map(|(_, map)| &map.0);
    let keys = entries.map(|entry| entry.name.as_str()).collect();
    Some(Holding { is_secret, name: object.name(), namespace: object.namespace(), keys })
}
