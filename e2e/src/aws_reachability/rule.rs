//! Rules of security groups, and the ports that two of them leave open.

use std::collections::BTreeSet;

use serde_json::Value;

use super::address::Block;
use super::resources::{list, texts};

/// The other side of a rule.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    Group(String),
    Block(Block),
    PrefixList(String),
    /// A peer of IPv6, which the network itself does not have.
    Outside,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) peer: Peer,
    pub(super) ports: Ports,
}

/// A range of ports of one protocol, or of all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ports {
    /// `-1` is every protocol.
    protocol: String,
    first: u64,
    last: u64,
}

const ALL_PROTOCOLS: &str = "-1";
const LAST_PORT: u64 = 65_535;

impl Rule {
    /// A rule from the values of its resource; nothing when it names no peer.
    pub(super) fn read(values: &Value) -> Option<Self> {
        let text = |name: &str| values[name].as_str().filter(|text| !text.is_empty());
        let peer = if let Some(group) = text("referenced_security_group_id") {
            Peer::Group(group.to_owned())
        } else if let Some(list) = text("prefix_list_id") {
            Peer::PrefixList(list.to_owned())
        } else if let Some(block) = text("cidr_ipv4") {
            Peer::Block(Block::parse(block)?)
        } else {
            text("cidr_ipv6").map(|_| Peer::Outside)?
        };
        let protocol = text("ip_protocol")?.to_owned();
        let port = |name: &str| values[name].as_u64();
        let ports = match (port("from_port"), port("to_port")) {
            (Some(first), Some(last)) if protocol != ALL_PROTOCOLS => Ports { protocol, first, last },
            _ => Ports { protocol, ..Ports::all() },
        };
        Some(Self { peer, ports })
    }
}

impl Rule {
    /// The rules that a security group itself lists: its own, and once it was read back those of other resources, too.
    pub(super) fn listed(rules: &Value, group: &str) -> Vec<Self> {
        list(rules).iter().flat_map(|rule| Self::of_listed(rule, group)).collect()
    }

    fn of_listed(rule: &Value, group: &str) -> Vec<Self> {
        let protocol = rule["protocol"].as_str().unwrap_or(ALL_PROTOCOLS).to_owned();
        let ports = match (rule["from_port"].as_u64(), rule["to_port"].as_u64()) {
            (Some(first), Some(last)) if protocol != ALL_PROTOCOLS => Ports { protocol, first, last },
            _ => Ports { protocol, ..Ports::all() },
        };
        let blocks = texts(&rule["cidr_blocks"]);
        let itself = (rule["self"] == true).then(|| group.to_owned());
        let groups = texts(&rule["security_groups"]).into_iter().chain(itself).map(Peer::Group);
        let lists = texts(&rule["prefix_list_ids"]).into_iter().map(Peer::PrefixList);
        let outside = list(&rule["ipv6_cidr_blocks"]).iter().map(|_| Peer::Outside);
        let peers = blocks.iter().filter_map(|block| Block::parse(block)).map(Peer::Block);
        peers
            .chain(groups)
            .chain(lists)
            .chain(outside)
            .map(|peer| Self { peer, ports: ports.clone() })
            .collect()
    }
}

impl Ports {
    pub(super) fn all() -> Self {
        Self { protocol: ALL_PROTOCOLS.to_owned(), first: 0, last: LAST_PORT }
    }

    pub(super) fn tcp(port: u64) -> Self {
        Self { protocol: "tcp".to_owned(), first: port, last: port }
    }

    /// The ports in both.
    pub(super) fn both(&self, other: &Self) -> Option<Self> {
        let protocol = if self.protocol == ALL_PROTOCOLS {
            &other.protocol
        } else if other.protocol == ALL_PROTOCOLS || self.protocol == other.protocol {
            &self.protocol
        } else {
            return None;
        };
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then(|| Self { protocol: protocol.clone(), first, last })
    }
}

/// Ports in the notation of the documentation's table: `443`, `53, 53/udp`, `1025-65535`, `all`, and `-` for none.
pub(super) fn shown(ports: &BTreeSet<Ports>) -> String {
    if ports.is_empty() {
        return "-".to_owned();
    }
    if ports.contains(&Ports::all()) {
        return "all".to_owned();
    }
    let mut ranges: Vec<_> = ports.iter().collect();
    ranges.sort_by_key(|ports| (ports.first, ports.last, ports.protocol.clone()));
    let texts: Vec<_> = ranges.into_iter().map(one).collect();
    texts.join(", ")
}

fn one(ports: &Ports) -> String {
    let range = match (ports.first, ports.last) {
        (0, LAST_PORT) => "all".to_owned(),
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    };
    match ports.protocol.as_str() {
        "tcp" => range,
        other => format!("{range}/{other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ports(protocol: &str, first: u64, last: u64) -> Ports {
        Ports { protocol: protocol.to_owned(), first, last }
    }

    #[test]
    fn two_rules_leave_open_what_both_have() {
        let web = ports("tcp", 443, 443);
        assert_eq!(web.both(&Ports::all()), Some(web.clone()));
        assert_eq!(ports("tcp", 0, 1024).both(&ports("tcp", 443, 9000)), Some(ports("tcp", 443, 1024)));
        assert_eq!(web.both(&ports("udp", 443, 443)), None);
        assert_eq!(web.both(&ports("tcp", 80, 80)), None);
    }

    #[test]
    fn rule_without_ports_covers_all_ports() {
        let rule = Rule::read(&json!({ "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0" })).unwrap();
        assert_eq!(rule.ports, Ports::all());
        assert!(matches!(rule.peer, Peer::Block(Block::ALL)));
    }

    #[test]
    fn the_table_says_ports_in_one_way() {
        let both = BTreeSet::from([ports("udp", 53, 53), ports("tcp", 53, 53), ports("tcp", 9443, 9443)]);
        assert_eq!(shown(&both), "53, 53/udp, 9443");
        assert_eq!(shown(&BTreeSet::new()), "-");
        assert_eq!(shown(&BTreeSet::from([Ports::all(), ports("tcp", 80, 80)])), "all");
    }
}
