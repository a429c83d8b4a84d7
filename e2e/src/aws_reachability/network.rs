//! A network, and the ports that its rules, routes and addresses leave open.

#![expect(clippy::panic, reason = "a test ends with a sentence")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::address::Block;
use super::place::{CONTROL_PLANE, LOAD_BALANCER, Place, only, places};
use super::resources::{Resources, text};
use super::routes::Routes;
use super::rule::{Peer, Ports, Rule};

const HTTPS: u64 = 443;

/// A network with all that is in it.
#[derive(Debug)]
pub struct Network {
    pub(super) places: BTreeMap<&'static str, Place>,
    blocks: Vec<Block>,
    subnets: BTreeMap<String, Block>,
    ingress: BTreeMap<String, Vec<Rule>>,
    egress: BTreeMap<String, Vec<Rule>>,
    /// Subnets with a route to everywhere, by the target of that route.
    by_internet_gateway: BTreeSet<String>,
    by_nat_gateway: BTreeSet<String>,
    /// Prefix lists of gateway endpoints, each with the subnets that have a route to it.
    gateways: BTreeMap<String, BTreeSet<String>>,
    /// True if the cluster has a public endpoint, which no security group guards.
    is_control_plane_public: bool,
    /// True if CloudFront has an interface in the network, through which it reaches the load balancer at private addresses.
    has_origin_of_cloudfront: bool,
}

impl Network {
    /// `pods` is the security group of the app's pods; without one they have those of their node.
    ///
    /// # Panics
    /// When a part of the network is missing.
    pub fn read(resources: &Resources, pods: Option<&str>) -> Self {
        let cluster = only(resources, "aws_eks_cluster");
        let cluster_network = &cluster["vpc_config"][0];
        let cluster_group = text(&cluster_network["cluster_security_group_id"]);
        let routes = Routes::read(resources);
        let mut network = Self {
            places: places(resources, pods),
            blocks: resources.of("aws_vpc").filter_map(|vpc| block(&vpc["cidr_block"])).collect(),
            subnets: resources
                .of("aws_subnet")
                .filter_map(|subnet| Some((text(&subnet["id"]), block(&subnet["cidr_block"])?)))
                .collect(),
            ingress: rules(resources, "ingress"),
            egress: rules(resources, "egress"),
            by_internet_gateway: routes.subnets_to("gateway_id"),
            by_nat_gateway: routes.subnets_to("nat_gateway_id"),
            gateways: routes.gateways(resources),
            is_control_plane_public: cluster_network["endpoint_public_access"] == true,
            has_origin_of_cloudfront: resources.of("aws_cloudfront_vpc_origin").next().is_some(),
        };
        network.add_cluster_group(&cluster_group);
        network
    }

    /// EKS makes this group itself, with these rules: `eks/latest/userguide/sec-group-reqs.html` of AWS's documentation.
    fn add_cluster_group(&mut self, group: &str) {
        let itself = Rule { peer: Peer::Group(group.to_owned()), ports: Ports::all() };
        let everywhere = Rule { peer: Peer::Block(Block::ALL), ports: Ports::all() };
        self.ingress.entry(group.to_owned()).or_default().push(itself);
        self.egress.entry(group.to_owned()).or_default().push(everywhere);
    }

    /// The ports on which the internet reaches a place.
    pub(super) fn open_to_internet(&self, name: &str, to: &Place) -> BTreeSet<Ports> {
        if name == CONTROL_PLANE && self.is_control_plane_public {
            return BTreeSet::from([Ports::tcp(HTTPS)]);
        }
        if !self.is_reachable_from_outside(to) {
            return BTreeSet::new();
        }
        self.rules_of(&self.ingress, to).filter(|rule| self.is_outside(&rule.peer)).map(ports).collect()
    }

    /// The places whose groups let in addresses outside the network: each is a route and an address away from being reachable.
    pub fn admitting_outside(&self) -> BTreeSet<&'static str> {
        let admits =
            |place: &Place| self.rules_of(&self.ingress, place).any(|rule| self.is_outside(&rule.peer));
        self.places.iter().filter(|(_, place)| admits(place)).map(|(name, _)| *name).collect()
    }

    /// The ports on which a prefix list of AWS, as CloudFront's, reaches a place.
    pub(super) fn open_to_prefix_lists(&self, name: &str, to: &Place) -> BTreeSet<Ports> {
        let is_origin = name == LOAD_BALANCER && self.has_origin_of_cloudfront;
        if !is_origin && !self.is_reachable_from_outside(to) {
            return BTreeSet::new();
        }
        let is_list = |rule: &&Rule| matches!(rule.peer, Peer::PrefixList(_));
        self.rules_of(&self.ingress, to).filter(is_list).map(ports).collect()
    }

    /// The ports of the internet that a place reaches.
    pub(super) fn to_internet(&self, from: &Place) -> BTreeSet<Ports> {
        let has_way = from.subnets.iter().any(|subnet| {
            self.by_nat_gateway.contains(subnet)
                || (from.is_public && self.by_internet_gateway.contains(subnet))
        });
        if !has_way {
            return BTreeSet::new();
        }
        self.rules_of(&self.egress, from).filter(|rule| self.is_outside(&rule.peer)).map(ports).collect()
    }

    /// The ports of services behind gateway endpoints that a place reaches without the internet.
    pub(super) fn to_gateways(&self, from: &Place) -> BTreeSet<Ports> {
        let has_way = |subnets: &BTreeSet<String>| from.subnets.iter().any(|subnet| subnets.contains(subnet));
        let lists: BTreeSet<_> =
            self.gateways.iter().filter(|(_, subnets)| has_way(subnets)).map(|(list, _)| list).collect();
        let allows = |rule: &&Rule| match &rule.peer {
            Peer::PrefixList(list) => lists.contains(list),
            Peer::Block(block) => *block == Block::ALL && !lists.is_empty(),
            Peer::Group(_) | Peer::Outside => false,
        };
        self.rules_of(&self.egress, from).filter(allows).map(ports).collect()
    }

    /// The ports on which one place in the network reaches another.
    pub(super) fn between(&self, from: &Place, to: &Place) -> BTreeSet<Ports> {
        let out: Vec<_> =
            self.rules_of(&self.egress, from).filter(|rule| self.is_peer(&rule.peer, to)).collect();
        self.rules_of(&self.ingress, to)
            .filter(|rule| self.is_peer(&rule.peer, from))
            .flat_map(|into| out.iter().filter_map(|rule| rule.ports.both(&into.ports)))
            .collect()
    }

    fn rules_of<'a>(
        &self,
        rules: &'a BTreeMap<String, Vec<Rule>>,
        place: &'a Place,
    ) -> impl Iterator<Item = &'a Rule> {
        place.groups.iter().filter_map(|group| rules.get(group)).flatten()
    }

    fn is_peer(&self, peer: &Peer, place: &Place) -> bool {
        match peer {
            Peer::Group(group) => place.groups.contains(group),
            Peer::Block(block) => {
                let blocks = place.subnets.iter().filter_map(|subnet| self.subnets.get(subnet));
                blocks.into_iter().any(|subnet| block.overlaps(*subnet))
            }
            Peer::PrefixList(_) | Peer::Outside => false,
        }
    }

    fn is_outside(&self, peer: &Peer) -> bool {
        match peer {
            Peer::Block(block) => !self.blocks.iter().any(|own| own.contains(*block)),
            Peer::Outside => true,
            Peer::Group(_) | Peer::PrefixList(_) => false,
        }
    }

    fn is_reachable_from_outside(&self, place: &Place) -> bool {
        place.is_public && place.subnets.iter().any(|subnet| self.by_internet_gateway.contains(subnet))
    }
}

/// The rules of all groups in one direction, from resources of their own and as the groups list them.
fn rules(resources: &Resources, direction: &str) -> BTreeMap<String, Vec<Rule>> {
    let mut rules: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for values in resources.of(&format!("aws_vpc_security_group_{direction}_rule")) {
        let rule = Rule::read(values).unwrap_or_else(|| panic!("a rule without a peer: {values}"));
        rules.entry(text(&values["security_group_id"])).or_default().push(rule);
    }
    for kind in ["aws_security_group", "aws_default_security_group"] {
        for values in resources.of(kind) {
            let group = text(&values["id"]);
            rules.entry(group.clone()).or_default().extend(Rule::listed(&values[direction], &group));
        }
    }
    rules
}

fn block(value: &Value) -> Option<Block> {
    Block::parse(value.as_str()?)
}

fn ports(rule: &Rule) -> Ports {
    rule.ports.clone()
}
