//! Managed resources, as Terraform reports them.

#![expect(clippy::panic, reason = "a test ends with a sentence")]

use serde_json::Value;

/// The managed resources of all modules, from `terraform show -json`: of a state, or the state that a plan began with.
#[derive(Clone, Debug)]
pub struct Resources(Vec<Value>);

/// Types that put something into a network in a way that [`super::Network`] knows.
const UNDERSTOOD: [&str; 17] = [
    "aws_db_instance",
    "aws_db_subnet_group",
    "aws_default_route_table",
    "aws_default_security_group",
    "aws_eks_cluster",
    "aws_eks_node_group",
    "aws_elasticache_replication_group",
    "aws_elasticache_subnet_group",
    "aws_launch_template",
    "aws_lb",
    "aws_nat_gateway",
    "aws_route_table_association",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc_endpoint",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
];

/// Arguments of a resource that is in a network.
const PLACEMENTS: [&str; 8] = [
    "network_interface_id",
    "security_group_id",
    "security_group_ids",
    "security_groups",
    "subnet_id",
    "subnet_ids",
    "subnets",
    "vpc_security_group_ids",
];

/// Types that open a network in ways of their own.
const NOT_UNDERSTOOD: [&str; 6] = [
    "aws_default_network_acl",
    "aws_eip_association",
    "aws_network_acl",
    "aws_security_group_rule",
    "aws_vpc_peering_connection",
    "aws_vpn_gateway",
];

impl Resources {
    /// # Panics
    /// When there is no resource, or one that is in a network in a way that is not understood.
    pub fn read(shown: &Value) -> Self {
        let mut resources = Vec::new();
        collect(&shown["values"]["root_module"], &mut resources);
        assert!(!resources.is_empty(), "no resources in what Terraform shows");
        for resource in &resources {
            assert!(is_understood(resource), "{} is in a network in a way of its own", resource["address"]);
        }
        Self(resources)
    }

    /// Values of the resources of a type.
    pub(super) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |resource| resource["type"] == kind).map(|resource| &resource["values"])
    }

    /// The ids of the resources of this type whose address holds `part`.
    pub fn ids(&self, kind: &str, part: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|resource| resource["type"] == kind && text(&resource["address"]).contains(part))
            .map(|resource| text(&resource["values"]["id"]))
            .collect()
    }

    /// Changes the values of the first resource of this type whose address holds `part`: what a mistake would look like.
    ///
    /// # Panics
    /// When there is no such resource.
    pub fn change(&mut self, kind: &str, part: &str, change: impl FnOnce(&mut Value)) {
        let found = self.0.iter_mut().find(|resource| {
            resource["type"] == kind
                && resource["address"].as_str().is_some_and(|address| address.contains(part))
        });
        match found {
            Some(resource) => change(&mut resource["values"]),
            None => panic!("no {kind} with {part:?} in its address"),
        }
    }
}

fn collect(module: &Value, into: &mut Vec<Value>) {
    let managed = |resource: &&Value| resource["mode"] == "managed";
    into.extend(list(&module["resources"]).iter().filter(managed).cloned());
    for child in list(&module["child_modules"]) {
        collect(child, into);
    }
}

fn is_understood(resource: &Value) -> bool {
    let kind = resource["type"].as_str().unwrap_or_default();
    let is_placed = PLACEMENTS.iter().any(|argument| !is_empty(&resource["values"][argument]));
    !NOT_UNDERSTOOD.contains(&kind) && (!is_placed || UNDERSTOOD.contains(&kind))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
}

/// The elements of a list, and none of what is no list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The texts in a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    list(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
