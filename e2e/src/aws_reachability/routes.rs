//! Default routes by subnet.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::resources::{Resources, list, text, texts};

/// Default routes of a network, by subnet.
pub(super) struct Routes {
    /// Subnets by route table.
    tables: BTreeMap<String, BTreeSet<String>>,
    /// Routes to everywhere, each with its table.
    defaults: Vec<(String, Value)>,
}

impl Routes {
    pub(super) fn read(resources: &Resources) -> Self {
        let mut tables: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for association in resources.of("aws_route_table_association") {
            let subnets = tables.entry(text(&association["route_table_id"])).or_default();
            subnets.insert(text(&association["subnet_id"]));
        }
        let single = resources.of("aws_route").map(|route| (text(&route["route_table_id"]), route.clone()));
        let inside = resources
            .of("aws_route_table")
            .flat_map(|table| list(&table["route"]).iter().map(|route| (text(&table["id"]), route.clone())));
        let is_default = |(_, route): &(String, Value)| {
            ["destination_cidr_block", "cidr_block"].iter().any(|name| route[name] == "0.0.0.0/0")
        };
        // A route table lists its routes too once they are read back, so that most are here twice.
        let defaults = single.chain(inside).filter(is_default).collect();
        Self { tables, defaults }
    }

    pub(super) fn subnets_to(&self, target: &str) -> BTreeSet<String> {
        let leads_there = |route: &Value| !text(&route[target]).is_empty();
        let tables = self.defaults.iter().filter(|(_, route)| leads_there(route)).map(|(table, _)| table);
        tables.filter_map(|table| self.tables.get(table)).flatten().cloned().collect()
    }

    pub(super) fn gateways(&self, resources: &Resources) -> BTreeMap<String, BTreeSet<String>> {
        let subnets = |endpoint: &Value| {
            let tables = texts(&endpoint["route_table_ids"]);
            tables.iter().filter_map(|table| self.tables.get(table)).flatten().cloned().collect()
        };
        resources
            .of("aws_vpc_endpoint")
            .filter(|endpoint| endpoint["vpc_endpoint_type"] == "Gateway")
            .map(|endpoint| (text(&endpoint["prefix_list_id"]), subnets(endpoint)))
            .collect()
    }
}
