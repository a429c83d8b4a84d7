//! Tested settings of the infra root, and the proof that they cover every allowed pair of variants.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::account::Account;

/// Four runs. Each run applies its first setting, changes to its second one in place, and destroys that.
pub(crate) const RUNS: [[Setting; 2]; 4] = [
    [
        setting("one", "pod_identity", "standard", "alb", false, "alb", "iam"),
        setting("per_zone", "irsa", "strict", "alb", false, "alb", "password"),
    ],
    [
        setting("per_zone", "pod_identity", "standard", "alb", true, "cdn", "iam"),
        setting("one", "irsa", "standard", "alb", true, "cdn", "password"),
    ],
    [
        setting("one", "pod_identity", "standard", "nlb", false, "none", "password"),
        setting("per_zone", "irsa", "off", "nlb", false, "none", "password"),
    ],
    [
        setting("per_zone", "pod_identity", "off", "nlb", false, "none", "iam"),
        setting("one", "pod_identity", "standard", "alb", true, "none", "iam"),
    ],
];

/// Choices of a platform engineer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    nat: &'static str,
    identity: &'static str,
    pub(crate) pod_security_groups: &'static str,
    pub(crate) load_balancer: &'static str,
    pub(crate) cdn: bool,
    waf: &'static str,
    authentication: &'static str,
}

const fn setting(
    nat: &'static str,
    identity: &'static str,
    pod_security_groups: &'static str,
    load_balancer: &'static str,
    cdn: bool,
    waf: &'static str,
    authentication: &'static str,
) -> Setting {
    Setting { nat, identity, pod_security_groups, load_balancer, cdn, waf, authentication }
}

impl Setting {
    /// The inputs of the infra root.
    pub(crate) fn inputs(&self, account: &Account) -> Value {
        let zones: BTreeMap<_, _> = ["a", "b", "c"].into_iter().zip(0..).map(zone).collect();
        json!({
            "name": "shop",
            "region": e2e::fake_aws::REGION,
            "production": false,
            "network": { "nat": self.nat, "zones": zones },
            "cluster": {
                "kubernetes_version": "1.34",
                "identity": self.identity,
                "pod_security_groups": self.pod_security_groups,
                "node_count": { "min": 3, "max": 6 },
                "administrators": [account.administrator()],
            },
            "database": {
                "authentication": self.authentication,
                "password_secret_arn": (self.authentication == "password").then(|| account.secret_arn()),
                "deletion_protection": false,
            },
            // The cache's user logs in with a token of the role that Pod Identity gives.
            "cache": self.has_cache().then(|| json!({})),
            "edge": {
                "domain_name": "shop.example.com",
                "zone_id": account.zone_id(),
                "load_balancer": self.load_balancer,
                "cdn": self.cdn,
                "waf": self.waf,
            },
        })
    }

    /// Returns true where the service can log in to a cache.
    pub(crate) fn has_cache(self) -> bool {
        self.identity == "pod_identity"
    }

    /// Every variant by its input, but [`Setting::pod_security_groups`].
    fn variants(self) -> [(&'static str, &'static str); 6] {
        [
            ("nat", self.nat),
            ("identity", self.identity),
            ("load_balancer", self.load_balancer),
            ("cdn", if self.cdn { "true" } else { "false" }),
            ("waf", self.waf),
            ("authentication", self.authentication),
        ]
    }

    /// Returns false for settings that the modules refuse; each refusal has a failing case in the modules' own tests.
    fn is_allowed(self) -> bool {
        let is_edge_possible = matches!(
            (self.load_balancer, self.cdn, self.waf),
            (_, false, "none") | ("alb", false, "alb") | ("alb", true, "cdn" | "none")
        );
        let is_iam_possible = self.authentication != "iam" || self.identity == "pod_identity";
        let is_strict_possible = self.pod_security_groups != "strict" || self.identity == "irsa";
        is_edge_possible && is_iam_possible && is_strict_possible
    }
}

fn zone((letter, number): (&str, u8)) -> (String, Value) {
    let small = |third: u8| format!("10.0.{third}.0/24");
    let subnets = json!({
        "public": small(number),
        "database": small(number + 3),
        "cache": small(number + 6),
        "nodes": format!("10.0.{}.0/20", (number + 1) * 16),
    });
    (format!("{}{letter}", e2e::fake_aws::REGION), subnets)
}

type Pair = BTreeSet<(&'static str, &'static str)>;

fn pairs(setting: Setting) -> impl Iterator<Item = Pair> {
    let variants = setting.variants();
    let one = move |first| variants.into_iter().map(move |second| BTreeSet::from([first, second]));
    variants.into_iter().flat_map(one).filter(|pair| pair.len() == 2)
}

/// Every setting there could be.
fn all() -> impl Iterator<Item = Setting> {
    let choices: [&[&str]; 7] = [
        &["one", "per_zone"],
        &["pod_identity", "irsa"],
        &["standard", "strict", "off"],
        &["alb", "nlb"],
        &["true", "false"],
        &["alb", "cdn", "none"],
        &["iam", "password"],
    ];
    let mut settings = vec![Vec::new()];
    for choice in choices {
        settings = settings
            .into_iter()
            .flat_map(|chosen: Vec<&'static str>| {
                choice.iter().map(move |one| [chosen.clone(), vec![*one]].concat())
            })
            .collect();
    }
    settings.into_iter().map(|chosen| {
        setting(chosen[0], chosen[1], chosen[2], chosen[3], chosen[4] == "true", chosen[5], chosen[6])
    })
}

#[test]
fn tried_settings_cover_every_allowed_variant_pair() {
    let tried = RUNS.concat();
    assert!(tried.iter().all(|setting| setting.is_allowed()), "{tried:?}");
    let possible: BTreeSet<Pair> = all().filter(|setting| setting.is_allowed()).flat_map(pairs).collect();
    let covered: BTreeSet<Pair> = tried.iter().copied().flat_map(pairs).collect();
    let missing: Vec<_> = possible.difference(&covered).collect();
    assert!(missing.is_empty(), "no setting tries {missing:#?}");
}

/// With pods' groups as a seventh input every pair would take nine settings. It is read by the cluster alone, as is `identity`.
#[test]
fn tried_settings_cover_identity_pod_group_pairs() {
    let pair = |setting: Setting| (setting.identity, setting.pod_security_groups);
    let possible: BTreeSet<_> = all().filter(|setting| setting.is_allowed()).map(pair).collect();
    let tried: BTreeSet<_> = RUNS.concat().into_iter().map(pair).collect();
    assert_eq!(tried, possible);
}
