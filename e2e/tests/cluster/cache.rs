//! A Redis server outside the cluster, through which the replicas exchange events.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use e2e::harness::command::Background;
use e2e::harness::namespace::{Namespace, in_namespace};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use serde_json::{Value, json};
use test_support::redis::Redis;

use crate::stream::Stream;
use crate::support::{
    OPERATOR_PORT, address_for_pods, assert_untouched, create_secret, name_in_the_cluster, names,
    patch_config, until_digests,
};

const PASSWORDS: [&str; 2] = ["MARKED-first-cache-51c0", "MARKED-second-cache-e73b"];
/// Time limit for a change to reach a pod on a loaded machine.
const ARRIVAL: Duration = Duration::from_secs(180);

#[test]
fn replica_events_survive_cache_rotation_and_outage() {
    in_namespace(async |ns| {
        let redis = install(ns).await;
        let pods = ns.pods("myapp").await;
        let (first, second) = (names(&pods)[0].clone(), names(&pods)[1].clone());
        let mut here = Reader::open(ns, &first).await;
        let mut there = Reader::open(ns, &second).await;
        here.until_scope("all").await;
        there.until_scope("all").await;

        patch_config(ns, json!({ "LOG_LEVEL": "info" })).await;
        let both = BTreeSet::from([first.clone(), second.clone()]);
        assert_eq!(here.committed_at(2).await, both);
        assert_eq!(there.committed_at(2).await, both);

        redis.command(&["ACL", "SETUSER", "shop", &format!(">{}", PASSWORDS[1])]);
        let patch = json!({ "stringData": { "password": PASSWORDS[1] } }).to_string();
        ns.run("kubectl", &["patch", "secret", "cache", "-p", &patch], "").await.succeeded();
        until_generation(ns, &pods, 3).await;
        assert_eq!(here.committed_at(2).await, both);
        redis.command(&["ACL", "SETUSER", "shop", &format!("<{}", PASSWORDS[0])]);
        redis.command(&["CLIENT", "KILL", "USER", "shop"]);
        here.until_scope("all").await;

        drop(redis);
        here.until_scope("own").await;
        patch_config(ns, json!({ "LOG_LEVEL": "warn" })).await;
        until_generation(ns, &pods, 4).await;
        assert_eq!(here.committed_at(1).await, BTreeSet::from([first]));
        assert_untouched(ns, &pods).await;
    });
}

async fn until_generation(ns: &Namespace, pods: &[Pod], generation: u64) {
    for pod in names(pods) {
        until_digests(ns, &pod, "to run the change", |digests| digests["generation"] == generation).await;
    }
}

/// Starts a server whose user has only the rights that the service needs, creates a name for it in the cluster, and installs
/// the chart as docs/operations.md describes.
async fn install(ns: &Namespace) -> Redis {
    let host = format!("cache.{}.svc", ns.name());
    let rights = format!("~{}/* -@all +get +select +set +time +xadd +xread", ns.name());
    let user = format!("user shop on >{} {rights}", PASSWORDS[0]);
    let redis = Redis::start_at(address_for_pods(ns).await, &host, &[&user, "user default off"]);
    name_in_the_cluster(ns, "cache", redis.address()).await;
    create_secret(ns, "mine", json!({ "SECRET_KEY": "long enough, and of no use elsewhere" })).await;
    create_secret(ns, "cache", json!({ "password": PASSWORDS[0] })).await;
    let authority = fs::read_to_string(redis.authority()).unwrap();
    let authority = json!({ "metadata": { "name": "authority" }, "data": { "ca.crt": authority } });
    ns.create_object::<ConfigMap>(authority).await;
    let values = [
        "existingSecret=mine".to_owned(),
        format!("cache.host={host}"),
        format!("cache.port={}", redis.address().port()),
        "cache.user=shop".to_owned(),
        "cache.existingSecret=cache".to_owned(),
        "cache.caBundle.configMap=authority".to_owned(),
    ];
    let arguments: Vec<&str> = values.iter().flat_map(|value| ["--set", value]).collect();
    ns.install("myapp", &arguments).await;
    redis
}

/// Who reads the events of one replica.
struct Reader {
    stream: Stream,
    _forward: Background,
}

impl Reader {
    async fn open(ns: &Namespace, pod: &str) -> Self {
        let (address, forward) = ns.forward(pod, OPERATOR_PORT).await;
        let curl = format!("curl --silent --show-error --no-buffer http://{address}/api/v1/events");
        Self { stream: Stream::open(ns, &curl), _forward: forward }
    }

    /// Reads up to the event that announces this scope of replicas.
    async fn until_scope(&mut self, replicas: &str) {
        while self.next("event: scope").await["replicas"] != replicas {}
    }

    /// The replicas at which the next `number` changes came into force.
    async fn committed_at(&mut self, number: usize) -> BTreeSet<String> {
        let mut replicas = BTreeSet::new();
        for _ in 0..number {
            replicas.insert(self.next("event: committed").await["replica"].as_str().unwrap().to_owned());
        }
        replicas
    }

    /// Data of the next event of that name.
    async fn next(&mut self, event: &str) -> Value {
        self.stream.until(ARRIVAL, event).await;
        let data = self.stream.until(ARRIVAL, "data: ").await;
        serde_json::from_str(data.trim_start_matches("data: ")).unwrap()
    }
}
