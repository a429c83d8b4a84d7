//! Connections that a root's network allows, compared with `docs/aws.md`.

use std::collections::BTreeSet;

use e2e::aws_reachability::{Matrix, Network, Resources, matrix_in};
use serde_json::{Value, json};

use crate::settings::Setting;

const DOCUMENT: &str = include_str!("../../../docs/aws.md");

/// Compares what was applied with the documentation, and makes sure that mistakes would show.
pub(crate) fn assert_as_documented(shown: &Value, setting: Setting) {
    let resources = Resources::read(shown);
    let pods = shown["values"]["outputs"]["published"]["value"]["pod_security_group_id"].as_str();
    let network = Network::read(&resources, pods);
    let matrix = network.matrix();
    assert_only_the_edge_is_open(&network, &matrix, setting);
    assert_only_pods_reach_the_data(&matrix, setting);
    if let Some(heading) = heading(setting) {
        let mut documented = matrix_in(DOCUMENT, heading);
        if !setting.has_cache() {
            documented.retain(|(from, to), _| from != "cache" && to != "cache");
        }
        let differences = differences(&matrix, &documented);
        assert!(differences.is_empty(), "docs/aws.md, {heading:?}, differs:\n{}", differences.join("\n"));
        assert_mistakes_show(&resources, pods, &matrix, &network);
    }
}

/// Heading of the table for a setting. Other settings differ from these in one line, which the text describes.
fn heading(setting: Setting) -> Option<&'static str> {
    match (setting.pod_security_groups, setting.load_balancer, setting.cdn) {
        ("standard" | "strict", "alb", false) => Some("Without CloudFront"),
        ("standard" | "strict", "alb", true) => Some("Behind CloudFront"),
        _ => None,
    }
}

fn differences(computed: &Matrix, documented: &Matrix) -> Vec<String> {
    let pairs: BTreeSet<_> = computed.keys().chain(documented.keys()).collect();
    let cell = |matrix: &Matrix, pair| matrix.get(pair).cloned().unwrap_or_else(|| "no cell".to_owned());
    pairs
        .into_iter()
        .map(|pair| (pair, cell(computed, pair), cell(documented, pair)))
        .filter(|(_, is, said)| is != said)
        .map(|((from, to), is, said)| format!("{from} to {to}: is {is}, the table says {said}"))
        .collect()
}

fn assert_only_the_edge_is_open(network: &Network, matrix: &Matrix, setting: Setting) {
    let outside = if setting.cdn { "CloudFront" } else { "internet" };
    let open: BTreeSet<_> = matrix
        .iter()
        .filter(|((from, _), ports)| ["internet", "CloudFront"].contains(&from.as_str()) && *ports != "-")
        .map(|((from, to), _)| (from.as_str(), to.as_str()))
        .collect();
    assert_eq!(open, BTreeSet::from([(outside, "load balancer")]), "{setting:?}");
    let admitting = if setting.cdn { BTreeSet::new() } else { BTreeSet::from(["load balancer"]) };
    assert_eq!(network.admitting_outside(), admitting, "{setting:?}");
}

/// Expects only pods to reach database and cache. If pods have the groups of their node, every member of those groups reaches
/// both.
fn assert_only_pods_reach_the_data(matrix: &Matrix, setting: Setting) {
    let callers: BTreeSet<_> = matrix
        .iter()
        .filter(|((_, to), ports)| ["database", "cache"].contains(&to.as_str()) && *ports != "-")
        .map(|((from, _), _)| from.as_str())
        .collect();
    let expected: &[&str] = match setting.pod_security_groups {
        "off" => &["app pods", "control plane", "nodes"],
        _ => &["app pods"],
    };
    assert_eq!(callers, expected.iter().copied().collect(), "{setting:?}");
}

/// The computation sees the mistakes that it is there for.
fn assert_mistakes_show(resources: &Resources, pods: Option<&str>, matrix: &Matrix, network: &Network) {
    let open_to = |cidr: &'static str| {
        move |rule: &mut Value| {
            rule["referenced_security_group_id"] = Value::Null;
            rule["cidr_ipv4"] = json!(cidr);
        }
    };
    let ingress = "aws_vpc_security_group_ingress_rule";

    for data in ["database", "cache"] {
        let nodes_to_data = ("nodes".to_owned(), data.to_owned());
        // A cache may be missing.
        let Some(documented) = matrix.get(&nodes_to_data) else { continue };
        let mut open = resources.clone();
        open.change(ingress, &format!("module.{data}"), open_to("10.0.0.0/16"));
        let seen = Network::read(&open, pods).matrix();
        assert_ne!(&seen[&nodes_to_data], documented, "a {data} that is open to the network");
    }

    let mut address = resources.clone();
    address.change("aws_db_instance", "module.database", |database| {
        database["publicly_accessible"] = json!(true);
    });
    address.change("aws_db_subnet_group", "module.database", |group| {
        group["subnet_ids"] = json!(public_subnets(resources));
    });
    address.change(ingress, "module.database", open_to("0.0.0.0/0"));
    let internet_to_database = ("internet".to_owned(), "database".to_owned());
    let seen = Network::read(&address, pods).matrix();
    assert_ne!(
        seen[&internet_to_database], matrix[&internet_to_database],
        "a database with a public address"
    );

    let mut nodes = resources.clone();
    nodes.change(ingress, "module.cluster.aws_vpc_security_group_ingress_rule.dns", open_to("0.0.0.0/0"));
    let seen = Network::read(&nodes, pods).admitting_outside();
    assert_ne!(seen, network.admitting_outside(), "nodes that let the internet in");
}

fn public_subnets(resources: &Resources) -> Vec<String> {
    resources.ids("aws_subnet", "aws_subnet.public")
}
