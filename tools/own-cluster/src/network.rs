//! The node's interface, and the packet filter rules.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use kit::process::Cmd;
use kit::wait;

use super::layout::{NODE_ADDRESS, NODE_INTERFACE, POD_RANGE, SERVICE_RANGE, port};
use super::preflight::{FAMILIES, MachineState, saved_rules};
use super::rules::{self, OWN_CHAIN};

/// The table of rules of kube-network-policies.
const POLICIES_TABLE: [&str; 3] = ["table", "inet", "kube-network-policies"];
/// The chain that does the same on a kernel whose nftables have no queues.
const POLICIES_CHAIN: &str = "MYAPP-OWN-POLICIES";
/// The number of the queue from which kube-network-policies takes the first packet of each connection.
pub(super) const POLICIES_QUEUE: u16 = 100;

/// The kind of route that refuses what has no better one.
const UNREACHABLE: &str = "unreachable";

/// Checks that nothing on the machine stands in the cluster's way, and tells all that does at once.
pub(super) fn check(before: &MachineState) -> Result<()> {
    let taken = port::ALL.iter().filter(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, **port)).is_err());
    let mut problems: Vec<_> = taken.map(|port| format!("port {port} is taken")).collect();
    let routes = Cmd::new("ip").args(["-4", "route", "show", "table", "all"]).ask()?;
    problems
        .extend(routes_into_our_ranges(&routes).map(|route| format!("an address range is taken: {route}")));
    if FAMILIES.iter().any(|family| rules::has_kubernetes(before.rules(family))) {
        problems
            .push("another Kubernetes has packet filter rules on this machine (chains KUBE-*)".to_owned());
    }
    if has_policies_table() {
        problems.push(format!(
            "network policies are enforced on this machine (nftables {})",
            POLICIES_TABLE.join(" ")
        ));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        bail!("the cluster cannot run here:\n  {}", problems.join("\n  "))
    }
}

pub(super) fn create() -> Result<()> {
    // A bridge without members, since not every kernel has dummy interfaces.
    ip(&["link", "add", NODE_INTERFACE, "type", "bridge"])?;
    ip(&["address", "add", &format!("{NODE_ADDRESS}/32"), "dev", NODE_INTERFACE])?;
    ip(&["link", "set", NODE_INTERFACE, "up"])?;
    // Without it, what is sent to a pod that is gone would follow the default route off this machine. Each pod has a
    // route of its own, which wins.
    ip(&["route", "add", UNREACHABLE, POD_RANGE])?;
    fs::write("/proc/sys/net/ipv4/ip_forward", "1")?;
    lead_loopback_to_the_api()
}

/// The API server can listen on one address only, and pods must reach it, so it listens on the node's. This machine
/// finds it on 127.0.0.1 as well.
fn lead_loopback_to_the_api() -> Result<()> {
    let api = port::API;
    let script = format!(
        "*nat\n-N {OWN_CHAIN}\n\
         -A {OWN_CHAIN} -d 127.0.0.1/32 -p tcp -m tcp --dport {api} -j DNAT --to-destination {NODE_ADDRESS}:{api}\n\
         -A OUTPUT -d 127.0.0.1/32 -j {OWN_CHAIN}\nCOMMIT\n"
    );
    restore("iptables", script)
}

/// Removes interface and rules. The links of pods go with the last process in them.
pub(super) fn remove(before: &MachineState) -> Result<()> {
    if interface_exists() {
        ip(&["link", "delete", NODE_INTERFACE])?;
    }
    if pod_routes()?.iter().any(|route| route.starts_with(UNREACHABLE)) {
        ip(&["route", "delete", UNREACHABLE, POD_RANGE])?;
    }
    wait::until_true("the interfaces of pods to be gone", Duration::from_secs(15), || {
        Ok(pod_routes()?.is_empty())
    })?;
    if has_policies_table() {
        Cmd::new("nft").arg("delete").args(POLICIES_TABLE).run()?;
    }
    for family in FAMILIES {
        let script = rules::removal(before.rules(family), &saved_rules(family)?);
        if !script.is_empty() {
            restore(family, script)?;
        }
    }
    Ok(())
}

pub(super) fn left_over(before: &MachineState) -> Result<Vec<String>> {
    let mut found: Vec<_> = pod_routes()?.iter().map(|route| format!("route {route}")).collect();
    if interface_exists() {
        found.push(format!("interface {NODE_INTERFACE}"));
    }
    for family in FAMILIES {
        let chains = rules::left_over(before.rules(family), &saved_rules(family)?);
        found.extend(chains.iter().map(|chain| format!("{family} {chain}")));
    }
    if has_policies_table() {
        found.push(format!("nftables {}", POLICIES_TABLE.join(" ")));
    }
    Ok(found)
}

/// kube-network-policies waits for packets.
pub(super) fn policies_are_awaited() -> bool {
    let queues = fs::read_to_string("/proc/net/netfilter/nfnetlink_queue").unwrap_or_default();
    queues.lines().any(|queue| queue.split_whitespace().next() == Some(&POLICIES_QUEUE.to_string()))
}

/// Leads the first packet of each connection of a pod to kube-network-policies, where the kernel refuses the rules that the process
/// itself makes: with xtables' queue in place of that of nftables, for all pods in place of those that a policy selects, and else
/// by the same conditions. Connections of root on the node, such as probes, are let through.
pub(super) fn lead_to_policies() -> Result<()> {
    if nftables_have_queues() || saved_rules("iptables")?.contains(POLICIES_CHAIN) {
        return Ok(());
    }
    let queue = format!("-j NFQUEUE --queue-num {POLICIES_QUEUE}");
    let script = format!(
        "*mangle\n-N {POLICIES_CHAIN}\n\
         -A {POLICIES_CHAIN} -m owner --uid-owner 0 -j RETURN\n\
         -A {POLICIES_CHAIN} -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN\n\
         -A {POLICIES_CHAIN} -s {POD_RANGE} {queue}\n\
         -A {POLICIES_CHAIN} -d {POD_RANGE} {queue}\n\
         -A POSTROUTING -j {POLICIES_CHAIN}\nCOMMIT\n"
    );
    restore("iptables", script)
}

/// The kernel is built with `CONFIG_NFT_QUEUE`, found out in a network of its own.
fn nftables_have_queues() -> bool {
    let script = "add table inet probe\n\
        add chain inet probe out { type filter hook postrouting priority 0; }\n\
        add rule inet probe out queue num 1\n";
    Cmd::new("unshare")
        .args(["--net", "nft", "--file", "-"])
        .input(script)
        .capture()
        .is_ok_and(|probe| probe.code == Some(0))
}

/// The rules of kube-network-policies outlive a process that is killed.
fn has_policies_table() -> bool {
    Cmd::new("nft").arg("list").args(POLICIES_TABLE).succeeds()
}

fn interface_exists() -> bool {
    Path::new("/sys/class/net").join(NODE_INTERFACE).exists()
}

/// Every pod has a route of its own, which lives as long as its interface.
fn pod_routes() -> Result<Vec<String>> {
    let routes = Cmd::new("ip").args(["-4", "route", "show", "root", POD_RANGE]).ask()?;
    Ok(routes.lines().map(str::to_owned).collect())
}

fn restore(family: &str, script: String) -> Result<()> {
    Cmd::new(format!("{family}-restore")).args(["--wait=10", "--noflush"]).input(script).run().map(drop)
}

fn ip(args: &[&str]) -> Result<()> {
    Cmd::new("ip").args(args).run().map(drop)
}

fn routes_into_our_ranges(routes: &str) -> impl Iterator<Item = &str> {
    let ours = [POD_RANGE, SERVICE_RANGE, NODE_ADDRESS].map(range);
    routes.lines().map(str::trim).filter(move |route| {
        let words = route.split(' ');
        let destination = words.map(range).find_map(|found| found);
        // A default route leads everywhere, and more specific ones win over it.
        let destination = destination.filter(|(_, length)| *length > 0);
        destination.is_some_and(|theirs| ours.iter().flatten().any(|our| overlap(*our, theirs)))
    })
}

/// The address as a number, and the number of bits that name the network.
fn range(text: &str) -> Option<(u32, u32)> {
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    let address = address.parse::<Ipv4Addr>().ok()?;
    Some((address.to_bits(), length.parse().ok().filter(|length| *length <= 32)?))
}

fn overlap(one: (u32, u32), other: (u32, u32)) -> bool {
    let shorter = one.1.min(other.1);
    let mask = u32::MAX.checked_shl(32 - shorter).unwrap_or(0);
    one.0 & mask == other.0 & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_routes_are_found_except_the_default_route() {
        let routes = "default via 192.0.2.1 dev eth0\n10.0.0.0/8 dev vpn scope link\n10.244.0.7 dev veth1\n\
                      192.0.2.0/24 dev eth0\nlocal 10.245.0.1 dev other table local\n";
        let found: Vec<_> = routes_into_our_ranges(routes).collect();
        let expected = [
            "10.0.0.0/8 dev vpn scope link",
            "10.244.0.7 dev veth1",
            "local 10.245.0.1 dev other table local",
        ];
        assert_eq!(found, expected);
    }
}
