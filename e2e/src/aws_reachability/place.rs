//! Members of the network: their addresses, subnets and security groups.

#![expect(clippy::panic, reason = "a test ends with a sentence")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::resources::{Resources, list, text, texts};

pub(super) const CONTROL_PLANE: &str = "control plane";
pub(super) const LOAD_BALANCER: &str = "load balancer";
/// The one kind that may be missing.
const CACHE_KIND: &str = "aws_elasticache_replication_group";

/// Something that opens or takes connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) groups: Vec<String>,
    pub(super) subnets: Vec<String>,
    /// True if the place has an address of the internet.
    pub(super) is_public: bool,
}

/// The places by the names that the table in the documentation gives them.
pub(super) fn places(resources: &Resources, pods: Option<&str>) -> BTreeMap<&'static str, Place> {
    let nodes = nodes(resources);
    // A pod with a group of its own has an interface of its own, and that no public address.
    let app = pods.map_or_else(
        || nodes.clone(),
        |group| Place { groups: vec![group.to_owned()], is_public: false, ..nodes.clone() },
    );
    let subnets_of = |kind, name: &Value| {
        resources
            .of(kind)
            .filter(|group| group["name"] == *name)
            .flat_map(|group| texts(&group["subnet_ids"]))
            .collect()
    };
    let database = only(resources, "aws_db_instance");
    let balancer = only(resources, "aws_lb");
    let cluster = only(resources, "aws_eks_cluster");
    let mut places = BTreeMap::from([
        ("app pods", app),
        ("nodes", nodes),
        ("control plane", control_plane(&cluster["vpc_config"][0])),
        (
            LOAD_BALANCER,
            Place {
                groups: texts(&balancer["security_groups"]),
                subnets: texts(&balancer["subnets"]),
                is_public: balancer["internal"] == false,
            },
        ),
        (
            "database",
            Place {
                groups: texts(&database["vpc_security_group_ids"]),
                subnets: subnets_of("aws_db_subnet_group", &database["db_subnet_group_name"]),
                is_public: database["publicly_accessible"] == true,
            },
        ),
        ("AWS endpoints", endpoints(resources)),
    ]);
    if resources.of(CACHE_KIND).next().is_some() {
        let cache = only(resources, CACHE_KIND);
        let place = Place {
            groups: texts(&cache["security_group_ids"]),
            subnets: subnets_of("aws_elasticache_subnet_group", &cache["subnet_group_name"]),
            is_public: false,
        };
        places.insert("cache", place);
    }
    places
}

/// The network interfaces of the control plane, which the cluster's own group is added to.
fn control_plane(network: &Value) -> Place {
    let mut groups = texts(&network["security_group_ids"]);
    groups.push(text(&network["cluster_security_group_id"]));
    Place { groups, subnets: texts(&network["subnet_ids"]), is_public: false }
}

/// Nodes have the groups of their launch template, and the cluster's where it names none.
fn nodes(resources: &Resources) -> Place {
    let group = only(resources, "aws_eks_node_group");
    let subnets = texts(&group["subnet_ids"]);
    let template = resources
        .of("aws_launch_template")
        .find(|template| template["id"] == group["launch_template"][0]["id"]);
    let mut groups = template.map(|template| texts(&template["vpc_security_group_ids"])).unwrap_or_default();
    let interfaces = template.map(|template| list(&template["network_interfaces"])).unwrap_or_default();
    groups.extend(interfaces.iter().flat_map(|interface| texts(&interface["security_groups"])));
    if groups.is_empty() {
        groups.push(text(&only(resources, "aws_eks_cluster")["vpc_config"][0]["cluster_security_group_id"]));
    }
    let gets_address =
        interfaces.iter().any(|interface| text(&interface["associate_public_ip_address"]) == "true");
    let in_public_subnet = resources
        .of("aws_subnet")
        .any(|subnet| subnets.contains(&text(&subnet["id"])) && subnet["map_public_ip_on_launch"] == true);
    Place { groups, subnets, is_public: gets_address || in_public_subnet }
}

fn endpoints(resources: &Resources) -> Place {
    let interfaces =
        || resources.of("aws_vpc_endpoint").filter(|endpoint| endpoint["vpc_endpoint_type"] == "Interface");
    let gather = |argument: &str| {
        let all: BTreeSet<_> = interfaces().flat_map(|endpoint| texts(&endpoint[argument])).collect();
        all.into_iter().collect()
    };
    Place { groups: gather("security_group_ids"), subnets: gather("subnet_ids"), is_public: false }
}

pub(super) fn only<'a>(resources: &'a Resources, kind: &'a str) -> &'a Value {
    let found: Vec<_> = resources.of(kind).collect();
    match found.as_slice() {
        [one] => one,
        others => panic!("{} resources {kind}, not one", others.len()),
    }
}
