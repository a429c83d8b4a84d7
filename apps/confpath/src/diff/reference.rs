//! References of a pod template to ConfigMaps and Secrets.

use std::collections::BTreeSet;

use crate::document::{Map, Node};

/// The way on which a process gets a value. Only mounted files follow a change while the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Delivery {
    /// Files of a volume, which the kubelet replaces.
    Files,
    /// Files mounted by `subPath`, which the kubelet never replaces.
    SubPath,
    /// Files that only an init container sees.
    InitContainer,
    /// Variables, fixed for the life of the process.
    Environment,
}

/// One reference of a pod template.
pub(crate) struct Reference<'a> {
    pub(crate) is_secret: bool,
    pub(crate) name: &'a str,
    pub(crate) keys: Keys<'a>,
    pub(crate) delivery: Delivery,
}

/// The values that a reference takes from an object.
pub(crate) enum Keys<'a> {
    /// All, under their names with a prefix.
    All { prefix: &'a str },
    /// Some, each with the name that the process sees.
    Named(Vec<(&'a str, &'a str)>),
}

/// Objects that a pod template takes, and the variables that it sets itself.
#[derive(Default)]
pub(crate) struct References<'a> {
    pub(crate) references: Vec<Reference<'a>>,
    pub(crate) pinned: BTreeSet<&'a str>,
}

impl<'a> References<'a> {
    /// Reads the `spec` of a pod.
    pub(crate) fn of(spec: &'a Map) -> Self {
        let mut found = Self::default();
        let containers: Vec<_> = ["containers", "initContainers"]
            .into_iter()
            .flat_map(|field| maps(spec, field).map(move |container| (container, field == "initContainers")))
            .collect();
        for (container, _) in &containers {
            found.variables(container);
        }
        for volume in maps(spec, "volumes") {
            let Some(delivery) = volume_delivery(text(volume, "name"), &containers) else { continue };
            let projected = maps_below(volume, "projected", "sources");
            for source in std::iter::once(volume).chain(projected) {
                found.references.extend(files(source, delivery));
            }
        }
        found
    }

    fn variables(&mut self, container: &'a Map) {
        for variable in maps(container, "env") {
            let name = text(variable, "name");
            let source = variable.get("valueFrom").and_then(Node::map);
            if variable.get("value").is_some_and(|value| !value.is_null()) {
                self.pinned.insert(name);
            }
            for (field, is_secret) in [("configMapKeyRef", false), ("secretKeyRef", true)] {
                let Some(source) = source.and_then(|source| source.get(field)?.map()) else { continue };
                let keys = Keys::Named(vec![(text(source, "key"), name)]);
                self.variable(is_secret, text(source, "name"), keys);
            }
        }
        for all in maps(container, "envFrom") {
            for (field, is_secret) in [("configMapRef", false), ("secretRef", true)] {
                let Some(source) = all.get(field).and_then(Node::map) else { continue };
                self.variable(is_secret, text(source, "name"), Keys::All { prefix: text(all, "prefix") });
            }
        }
    }

    fn variable(&mut self, is_secret: bool, name: &'a str, keys: Keys<'a>) {
        self.references.push(Reference { is_secret, name, keys, delivery: Delivery::Environment });
    }
}

/// The references of a volume, or of one source of a projected volume.
fn files(source: &Map, delivery: Delivery) -> impl Iterator<Item = Reference<'_>> {
    [("configMap", false), ("secret", true)].into_iter().filter_map(move |(field, is_secret)| {
        let map = source.get(field)?.map()?;
        let name = [text(map, "name"), text(map, "secretName")].into_iter().find(|name| !name.is_empty())?;
        let item = |item| {
            let path: &str = text(item, "path");
            (text(item, "key"), path.rsplit('/').next().unwrap_or(path))
        };
        let keys = match map.get("items") {
            Some(_) => Keys::Named(maps(map, "items").map(item).collect()),
            None => Keys::All { prefix: "" },
        };
        Some(Reference { is_secret, name, keys, delivery })
    })
}

/// The best way on which a container sees a volume; `None` if none mounts it.
fn volume_delivery(volume: &str, containers: &[(&Map, bool)]) -> Option<Delivery> {
    let deliveries = containers.iter().flat_map(|(container, is_init)| {
        let is_sidecar = text(container, "restartPolicy") == "Always";
        let mounts = maps(container, "volumeMounts").filter(|mount| text(mount, "name") == volume);
        mounts.map(move |mount| {
            let is_part = ["subPath", "subPathExpr"].iter().any(|field| !text(mount, field).is_empty());
            match (*is_init && !is_sidecar, is_part) {
                (true, _) => Delivery::InitContainer,
                (false, true) => Delivery::SubPath,
                (false, false) => Delivery::Files,
            }
        })
    });
    deliveries.min()
}

/// The text of a field, or an empty one.
pub(super) fn text<'a>(map: &'a Map, field: &str) -> &'a str {
    map.get(field).and_then(Node::text).unwrap_or_default()
}

/// The mappings in a list.
fn maps<'a>(map: &'a Map, field: &str) -> impl Iterator<Item = &'a Map> {
    let items = map.get(field).and_then(Node::list).unwrap_or_default();
    items.iter().filter_map(|item| item.map())
}

fn maps_below<'a>(map: &'a Map, outer: &str, inner: &str) -> impl Iterator<Item = &'a Map> {
    let outer = map.get(outer).and_then(Node::map);
    outer.into_iter().flat_map(move |outer| maps(outer, inner).collect::<Vec<_>>())
}
