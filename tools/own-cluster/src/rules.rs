//! Packet filter rules in the format of `iptables-save`: which the cluster has added, and how to take them away.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Chains of kube-proxy and the kubelet, of CNI plugins, and of this module's own.
const PREFIXES: [&str; 3] = ["KUBE-", "CNI-", OWN_CHAIN];
pub(super) const OWN_CHAIN: &str = "MYAPP-OWN";

#[derive(Debug, PartialEq, Eq)]
struct Table<'a> {
    name: &'a str,
    chains: Vec<&'a str>,
    /// Rules as `-A CHAIN …`, in order.
    rules: Vec<&'a str>,
}

/// Returns true if another Kubernetes on this machine has rules: two would undo each other's.
pub(super) fn has_kubernetes(saved: &str) -> bool {
    tables(saved).iter().any(|table| table.chains.iter().any(|chain| chain.starts_with("KUBE-")))
}

/// Input for `iptables-restore --noflush` that removes what the cluster has added and touches nothing else.
pub(super) fn removal(before: &str, now: &str) -> String {
    let mut script = String::new();
    for table in tables(now) {
        let added = added_chains(before, &table);
        if added.is_empty() {
            continue;
        }
        let leads_in = |rule: &&&str| !added.contains(chain_of(rule)) && added.contains(target_of(rule));
        let jumps = table.rules.iter().filter(leads_in).map(|rule| rule.replacen("-A", "-D", 1));
        let flushes = added.iter().map(|chain| format!("-F {chain}"));
        let deletions = added.iter().map(|chain| format!("-X {chain}"));
        let lines: Vec<_> = jumps.chain(flushes).chain(deletions).collect();
        // Writing to a String cannot fail.
        writeln!(script, "*{}\n{}\nCOMMIT", table.name, lines.join("\n")).ok();
    }
    script
}

/// Chains that the cluster has added and that are still there.
pub(super) fn left_over(before: &str, now: &str) -> Vec<String> {
    let describe = |table: &Table<'_>, chain: &str| format!("chain {chain} in table {}", table.name);
    let tables = tables(now);
    tables.iter().flat_map(|t| added_chains(before, t).into_iter().map(|chain| describe(t, chain))).collect()
}

fn added_chains<'a>(before: &str, table: &Table<'a>) -> BTreeSet<&'a str> {
    let earlier = tables(before);
    let was_there =
        |chain: &str| earlier.iter().any(|other| other.name == table.name && other.chains.contains(&chain));
    let of_cluster = |chain: &str| PREFIXES.iter().any(|prefix| chain.starts_with(prefix));
    table.chains.iter().copied().filter(|chain| of_cluster(chain) && !was_there(chain)).collect()
}

fn tables(saved: &str) -> Vec<Table<'_>> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    for line in saved.lines() {
        if let Some(name) = line.strip_prefix('*') {
            tables.push(Table { name, chains: Vec::new(), rules: Vec::new() });
        }
        let Some(table) = tables.last_mut() else { continue };
        if let Some(chain) = line.strip_prefix(':') {
            table.chains.extend(chain.split(' ').next());
        } else if line.starts_with("-A ") {
            table.rules.push(line);
        }
    }
    tables
}

fn chain_of<'a>(rule: &&'a str) -> &'a str {
    rule.split(' ').nth(1).unwrap_or_default()
}

/// Comments, which may hold anything, are the only quoted part of a rule.
fn target_of<'a>(rule: &&'a str) -> &'a str {
    let words = rule.split('"').step_by(2).flat_map(str::split_whitespace);
    words.skip_while(|word| *word != "-j" && *word != "-g").nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str =
        "*filter\n:FORWARD DROP [0:0]\n:DOCKER - [0:0]\n-A FORWARD -o docker0 -j DOCKER\nCOMMIT\n";
    const NOW: &str = "# Generated\n*filter\n:FORWARD DROP [1:2]\n:DOCKER - [0:0]\n:KUBE-FORWARD - [0:0]\n\
        :CNI-ab12 - [0:0]\n-A FORWARD -m comment --comment \"a -j b\" -j KUBE-FORWARD\n-A FORWARD -o docker0 -j DOCKER\n\
        -A KUBE-FORWARD -j CNI-ab12\nCOMMIT\n*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";

    #[test]
    fn only_what_the_cluster_added_is_removed() {
        let expected = "*filter\n-D FORWARD -m comment --comment \"a -j b\" -j KUBE-FORWARD\n-F CNI-ab12\n\
            -F KUBE-FORWARD\n-X CNI-ab12\n-X KUBE-FORWARD\nCOMMIT\n";
        assert_eq!(removal(BEFORE, NOW), expected);
    }

    #[test]
    fn chains_that_were_there_before_stay() {
        assert_eq!(removal(NOW, NOW), "");
        assert!(left_over(NOW, NOW).is_empty());
    }

    #[test]
    fn what_is_left_is_named_with_its_table() {
        assert_eq!(
            left_over(BEFORE, NOW),
            ["chain CNI-ab12 in table filter", "chain KUBE-FORWARD in table filter"]
        );
    }

    #[test]
    fn another_kubernetes_is_noticed() {
        assert!(has_kubernetes(NOW));
        assert!(!has_kubernetes(BEFORE));
    }
}
