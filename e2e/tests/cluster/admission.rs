//! The generated admission policy on a real API server: it gives the verdict of `confpath check`, in the same sentences.

mod policies;

use std::collections::BTreeMap;

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::DEADLINE;
use fastrand::Rng;
use futures::{StreamExt as _, stream};
use policies::{LABEL, Policed, with_policies};
use serde_json::{Value, json};
use test_support::random_contract;
use test_support::wait::until_async;

/// Configurations of each random contract.
const CONFIGURATIONS: usize = 20;
/// Requests under way at a time.
const REQUESTS: usize = 8;

/// A contract with a key of each kind.
fn every_kind() -> Value {
    json!({ "required": ["NAME"], "properties": {
        "NAME": { "type": "string", "minLength": 1, "maxLength": 4 },
        "CODE": { "type": "string", "pattern": "^(?:[a-z]\\d)$" },
        "MODE": { "type": "string", "enum": ["fast", "a.b"], "default": "fast",
                  "not": { "pattern": "^a", "description": "must not be a.b here" } },
        "PORT": { "type": "integer", "minimum": 1, "maximum": 120 },
        "RATIO": { "type": "number", "minimum": -0.5, "maximum": 2.25 },
        "IS_ON": { "type": "boolean" },
        "WAIT": { "type": "string", "format": "duration-text", "x-minimum": "1500ms" },
        "URL": { "type": "string", "format": "uri",
                 "x-required-when": { "key": "IS_ON", "pattern": "^true$", "because": "IS_ON is true" } },
        "HOSTS": { "type": "array", "items": { "type": "string", "format": "hostname" }, "maxItems": 2 },
        "WORDS": { "type": "array", "items": { "type": "string", "maxLength": 3 } },
        "TOKEN": { "type": "string", "x-secret": true },
    } })
}

/// A key with a good text, a bad one, and the sentence for it.
const CASES: [(&str, &str, &str, &str); 17] = [
    ("NAME", "éé\u{1f600}x", "éé\u{1f600}xy", "NAME: must have 1 to 4 characters, has 5"),
    ("NAME", "x\n", "x\n\n", "NAME: contains a line break at character 2"),
    ("NAME", "x", "a\tb\0", "NAME: contains a tab at character 2"),
    ("CODE", "a1", "a12", r"CODE: must be text that matches ^(?:[a-z]\d)$"),
    ("MODE", "fast", "aXb", "MODE: must be fast or a.b; MODE: must not be a.b here"),
    ("PORT", "120", "121", "PORT: must be a whole number from 1 to 120"),
    ("RATIO", "2.250", "2.2500001", "RATIO: must be a number from -0.5 to 2.25"),
    ("IS_ON", "false", "False", "IS_ON: must be true or false"),
    ("WAIT", "1500ms", "1s", "WAIT: must be a duration such as 250ms, 30s, 5m or 2h of at least 1500ms"),
    ("URL", "https://a", "https://a b", "URL: must be an absolute URL, as https://example.com/path"),
    ("IS_ON", "false", "true", "URL: is required, since IS_ON is true"),
    ("HOSTS", "a, b.c", "a,b,c", "HOSTS: must be a list of at most 2 items, each a host name"),
    ("HOSTS", r#"["a", "b"]"#, r#"["a" "b"]"#, "HOSTS: must be a list of at most 2 items, each a host name"),
    ("WORDS", "", "a,bcde", "WORDS: item 2 must be any text of at most 3 characters"),
    (
        "WORDS",
        r#"["\\\"\\", 12]"#,
        r#"["\\\"\\a"]"#,
        "WORDS: item 1 must be any text of at most 3 characters",
    ),
    ("WORDS", "\u{a0}ab", "\u{a0}abc", "WORDS: item 1 must be any text of at most 3 characters"),
    ("CONFIG_SEAL", "x", "x", ""),
];

#[test]
fn each_kind_is_refused_with_its_sentence() {
    in_namespace(async |ns| {
        let contract = Policed::new(ns.name(), &every_kind()).unwrap();
        with_policies(ns, &[&contract], async || {
            for (key, good, bad, sentence) in CASES {
                let data = |text: &str| {
                    let mut data = json!({ "NAME": "x" });
                    data[key] = text.into();
                    data
                };
                assert_eq!(contract.refused(ns, &data(good)).await, None, "{key}: {good:?}");
                let refused = contract.refused(ns, &data(bad)).await;
                assert_eq!(refused.as_deref().unwrap_or_default(), sentence, "{key}: {bad:?}");
            }
        })
        .await;
    });
}

#[test]
fn all_problems_come_at_once_without_values() {
    in_namespace(async |ns| {
        let contract = Policed::new(ns.name(), &every_kind()).unwrap();
        with_policies(ns, &[&contract], async || {
            let mut object = contract.config_map(&json!({
                "CODE": "MARKED", "PORT": "MARKED", "TOKEN": "MARKED", "WORDS": "a,MARKED", "NAMES": "MARKED", "IS_ON": "true",
            }));
            object["binaryData"] = json!({ "NAME": "TUFSS0VE" });
            let refused = contract.refused_object(ns, &object).await.unwrap();
            let problems = [
                r"CODE: must be text that matches ^(?:[a-z]\d)$",
                "NAME: is required and not given",
                "PORT: must be a whole number from 1 to 120",
                "TOKEN: is a secret and must not be in a ConfigMap; put it into a Secret",
                "WORDS: item 2 must be any text of at most 3 characters",
                "URL: is required, since IS_ON is true",
                "NAMES: is no setting",
                "NAME: is in binaryData, and settings are text; put it into data",
            ];
            assert_eq!(refused, problems.join("; "));
            assert!(!refused.contains("MARKED"), "{refused}");

            let many: BTreeMap<_, _> = (0..300).map(|number| (format!("NO_SETTING_{number:03}"), "")).collect();
            let refused = contract.refused(ns, &json!(many)).await.unwrap();
            assert!(refused.contains("confpath check"), "{refused}");
            let long = json!({ "NAME": "x", "WORDS": "a,".repeat(200_000), "CODE": "a".repeat(500_000) });
            let refused = contract.refused(ns, &long).await.unwrap();
            assert!(refused.contains("CODE: has 500000 characters, and the API server can check "), "{refused}");
            assert!(refused.contains("WORDS: has 400000 characters, and the API server can check "), "{refused}");
        })
        .await;
    });
}

#[test]
fn random_contracts_get_one_verdict() {
    in_namespace(async |ns| {
        let seed = fastrand::u64(..);
        let mut random = Rng::with_seed(seed);
        let mut contracts = Vec::new();
        while contracts.len() < random_contract::number(20) {
            let schema = random_contract::schema(&mut random);
            // A default may break a rule of its own key.
            if let Ok(contract) = Policed::new(ns.name(), &schema) {
                contracts.push((schema, contract));
            }
        }
        let policies: Vec<_> = contracts.iter().map(|(_, contract)| contract).collect();
        with_policies(ns, &policies, async || {
            let mut counts = [0_usize, 0];
            for (schema, contract) in &contracts {
                let is_secret = |key: &String| schema["properties"][key]["x-secret"] == true;
                let configurations = (0..CONFIGURATIONS).map(|_| {
                    let texts = random_contract::texts(schema, &mut random);
                    texts.into_iter().filter(|(key, _)| !is_secret(key)).collect::<BTreeMap<_, _>>()
                });
                let verdicts = stream::iter(configurations).map(async |data| {
                    let refused = contract.refused(ns, &json!(data)).await;
                    (data, refused)
                });
                let verdicts: Vec<_> = verdicts.buffer_unordered(REQUESTS).collect().await;
                for (data, refused) in verdicts {
                    let checked = contract.checked(&data);
                    counts[usize::from(checked.is_empty())] += 1;
                    assert_eq!(
                        sorted(&refused.unwrap_or_default()),
                        sorted(&checked.join("; ")),
                        "seed {seed}, {data:?} by {schema}"
                    );
                }
            }
            // Verdicts that agree because all are the same would prove little.
            let all = counts[0] + counts[1];
            assert!(counts.iter().all(|count| *count > all / 10), "{counts:?}");
        })
        .await;
    });
}

/// The problems of a message, in the order of their texts.
fn sorted(message: &str) -> Vec<&str> {
    let mut problems: Vec<_> = message.split("; ").collect();
    problems.sort_unstable();
    problems
}

/// The objects that all contracts share stay on the cluster: recreated, their policy would find no ConfigMap until the API server is
/// restarted (kubernetes/kubernetes#130887).
#[test]
fn unknown_contract_is_refused_where_enforced() {
    in_namespace(async |ns| {
        let contract = |service: &str, key: &str| {
            let schema = json!({ "title": ns.name(), "properties": { key: { "type": "integer" } } });
            Policed::new(service, &schema).unwrap()
        };
        let (shop, cart) = (contract("shop", "PORT"), contract("cart", "SIZE"));
        with_policies(ns, &[&shop, &cart], async || {
            shop.apply(ns).await;
            cart.apply(ns).await;
            let mut unknown = shop.config_map(&json!({}));
            unknown["metadata"]["labels"][LABEL] = "unknown".into();
            // Nothing is refused before the namespace asks for it.
            assert_eq!(shop.refused_object(ns, &unknown).await, None);
            let enforce = format!("kubectl label namespace {} confpath.dev/admission=enforced", ns.name());
            ns.sh(&enforce).await.succeeded();
            let refused = async || shop.refused_object(ns, &unknown).await;
            until_async(DEADLINE, "the unknown contract to be refused", refused, is_unknown("unknown")).await;
            label_stays(ns, &shop, &cart).await;
            withdrawn_contract_is_unknown(ns, &shop, &cart).await;
            shop.withdraw(ns).await;
        })
        .await;
    });
}

/// Moves a ConfigMap from one known contract to another, and fails to take the label away.
async fn label_stays(ns: &Namespace, shop: &Policed, cart: &Policed) {
    for object in [shop.config_map(&json!({ "PORT": "80" })), cart.config_map(&json!({ "SIZE": "3" }))] {
        ns.run("kubectl", &["apply", "-f", "-"], &object.to_string()).await.succeeded();
    }
    let bad = shop.config_map(&json!({ "PORT": "eighty" })).to_string();
    let bad = ns.run("kubectl", &["apply", "-f", "-"], &bad).await.refused_with(1);
    assert!(bad.contains(" denied request: PORT: must be a whole number "), "{bad}");
    let none = ns.sh(&format!("kubectl label configmap settings {LABEL}-")).await.refused_with(1);
    assert!(none.contains("the label confpath.dev/contract must stay"), "{none}");
    let other = ns.sh(&format!("kubectl label configmap settings {LABEL}=other --overwrite")).await;
    let other = other.refused_with(1);
    assert!(other.contains("no policy has been applied for the contract other: "), "{other}");
    ns.sh("kubectl delete configmap settings").await.succeeded();
}

/// Withdraws one contract; the other one stays known.
async fn withdrawn_contract_is_unknown(ns: &Namespace, shop: &Policed, cart: &Policed) {
    let (port, size) = (json!({ "PORT": "80" }), json!({ "SIZE": "3" }));
    assert_eq!((shop.refused(ns, &port).await, cart.refused(ns, &size).await), (None, None));
    cart.withdraw(ns).await;
    let refused = async || cart.refused(ns, &size).await;
    until_async(DEADLINE, "the withdrawn contract to be refused", refused, is_unknown(&cart.label)).await;
    assert_eq!(shop.refused(ns, &port).await, None);
}

fn is_unknown(label: &str) -> impl Fn(&Option<String>) -> bool {
    let start = format!("no policy has been applied for the contract {label}: ");
    move |refused| refused.as_ref().is_some_and(|refused| refused.starts_with(&start))
}
