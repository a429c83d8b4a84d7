//! Ways out of the pods, as the NetworkPolicy opens them.

use e2e::helm::{Release, Values};
use e2e::objects::items;
use serde_json::{Value, json};

use crate::support::{ci_file, only, refusal, render};

/// The rules beside the peers' admin ports: DNS, then what values open.
fn rules(values: &Values) -> (Value, Vec<Value>) {
    let objects = render(values);
    let all = items(&only(&objects, "NetworkPolicy")["spec"], "/egress").to_vec();
    (all[0].clone(), all[2..].to_vec())
}

fn at(url: &str) -> Values {
    Values::minimal().set("config.DB_PASSWORD", "p123").set_string("config.DATABASE_URL", url)
}

fn open(port: u16, cidr: &str) -> Vec<Value> {
    vec![json!({"ports": [{"port": port, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": cidr}}]})]
}

#[test]
fn egress_dns_goes_only_to_cluster_dns() {
    let kube_system =
        json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}});
    let node_local = json!({"ipBlock": {"cidr": "169.254.20.10/32"}});
    let both = json!([{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]);
    for values in [Values::minimal(), ci_file("postgres"), at("sqlite:a.db")] {
        assert_eq!(rules(&values).0, json!({"ports": both, "to": [kube_system, node_local]}), "{values:?}");
    }
}

#[test]
fn custom_dns_destination_replaces_default() {
    let to =
        json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}}]);
    let values =
        |to: &Value| Values::minimal().document(json!({"networkPolicy": {"dnsTo": to, "dnsPorts": [5353]}}));
    let dns = rules(&values(&to)).0;
    assert_eq!(dns["to"], to);
    assert_eq!(dns["ports"][0]["port"], 5353);
    assert!(rules(&values(&json!([]))).0.get("to").is_none(), "anywhere, since it was asked for");
    // Not by leaving the value out, as a release with the values of an older chart does.
    let message = refusal(&Values::minimal().set("networkPolicy.dnsTo", "null"));
    assert!(message.contains("missing property 'dnsTo'"), "{message}");
}

#[test]
fn database_port_opens_only_to_given_address() {
    for (host, cidr) in [("10.0.0.7", "10.0.0.7/32"), ("2001:db8::7", "2001:db8::7/128")] {
        let values = Values::minimal().set("config.DB_PASSWORD", "p").set("database.host", host);
        assert_eq!(rules(&values).1, open(5432, cidr), "{host}");
        let values = Values::minimal().set("database.allowedHost", host).set("database.port", "6432");
        assert_eq!(rules(&values).1, open(6432, cidr), "{host}");
    }
    assert_eq!(rules(&at("postgres://a@10.0.0.7/b?sslmode=verify-full")).1, open(5432, "10.0.0.7/32"));
    let ipv6 = at("postgres://a@[2001:db8::7]:99/b?sslmode=verify-full");
    assert_eq!(rules(&ipv6).1, open(99, "2001:db8::7/128"));
    for local in ["postgres://a@localhost/b", "postgres://a@127.0.0.1/b", "postgres://a@[::1]:99/b"] {
        assert_eq!(rules(&at(local)).1, Vec::<Value>::new(), "{local}");
    }
}

#[test]
fn url_server_egress_follows_given_destination() {
    let url = at("postgres://a@db.example.com:6432/b?sslmode=verify-full");
    assert_eq!(rules(&url).1, Vec::<Value>::new(), "a name alone opens nothing");
    let notes = |values: &Values| Release::named("r").notes(values).unwrap();
    assert!(notes(&url).contains("networkPolicy.databaseTo"), "{}", notes(&url));
    let placed = url.set("networkPolicy.databaseTo[0].ipBlock.cidr", "10.0.0.0/16");
    assert_eq!(rules(&placed).1, open(6432, "10.0.0.0/16"));
    assert!(!notes(&placed).contains("databaseTo"), "{}", notes(&placed));
}

#[test]
fn notes_warn_of_port_open_to_anywhere() {
    let notes = |values: &Values| Release::named("r").notes(values).unwrap();
    let named = ci_file("postgres").document(json!({"networkPolicy": {"databaseTo": []}}));
    let named = named.set("networkPolicy.databaseTo", "null");
    assert!(notes(&named).contains("opens port 5432 to anywhere"), "{}", notes(&named));
    assert!(!notes(&named.set("database.host", "10.0.0.7")).contains("anywhere"));
}

#[test]
fn collector_port_opens_only_to_given_address() {
    let traced = |endpoint: &str| Values::minimal().set_string("otel.endpoint", endpoint);
    assert_eq!(rules(&traced("http://10.0.0.9:4318/v1")).1, open(4318, "10.0.0.9/32"));
    assert_eq!(rules(&traced("http://[2001:db8::9]:14318")).1, open(14318, "2001:db8::9/128"));
    assert_eq!(rules(&traced("http://[2001:db8::9]")).1, open(80, "2001:db8::9/128"));
}
