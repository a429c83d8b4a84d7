//! Latency of a change, measured from the patch and from the change of its file in the pod.

use std::io::Write as _;
use std::time::{Duration, Instant, SystemTime};

use e2e::harness::namespace::{Namespace, in_namespace};
use e2e::harness::wait::ARRIVAL;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{SECRET_KEY, assert_untouched, names};

const PATCHES: usize = 40;
/// Time for a handful of patches with the kubelet's default settings; those are enough for the test.
const ENOUGH: Duration = Duration::from_secs(240);

/// About four times the value measured on two cores that ran other tests.
const LONGEST_LAG: Duration = Duration::from_millis(250);

#[test]
fn file_change_is_in_force_within_250_ms() {
    in_namespace(async |ns| {
        ns.install("myapp", &SECRET_KEY).await;
        let pods = ns.pods("myapp").await;
        let (mut lags, mut totals) = (Vec::new(), Vec::new());
        let started = Instant::now();
        for n in (0..PATCHES).take_while(|_| started.elapsed() < ENOUGH) {
            let patched = SystemTime::now();
            set_level(ns, ["debug", "info"][n % 2]).await;
            for pod in names(&pods) {
                // The first generation is the one that the pod started with.
                let generation = n + 2;
                let is_in_force = |event: &Value| {
                    event["message"] == "configuration changed" && event["generation"] == generation
                };
                let what = format!("generation {generation}");
                let event = ns.logs.until_event(&pod, &what, ARRIVAL, is_in_force).await;
                assert_eq!(event["keys"], "LOG_LEVEL");
                lags.push(Duration::from_secs_f64(event["lag_ms"].as_f64().unwrap() / 1000.0));
                let in_force = humantime::parse_rfc3339(event["timestamp"].as_str().unwrap()).unwrap();
                totals.push(in_force.duration_since(patched).unwrap());
            }
        }
        let worst = tell("from the file's change to in force", &mut lags);
        tell("from the patch to in force", &mut totals);
        assert!(worst < LONGEST_LAG, "{worst:?}");
        assert_untouched(ns, &pods).await;
    });
}

/// Patches through the API directly: the start of kubectl would be measured too.
async fn set_level(ns: &Namespace, level: &str) {
    let patch = Patch::Merge(json!({ "data": { "LOG_LEVEL": level } }));
    ns.api::<ConfigMap>().patch("myapp", &PatchParams::default(), &patch).await.unwrap();
}

/// Writes the figures where the test runner does not hold them back, and returns the 99th percentile.
fn tell(what: &str, times: &mut [Duration]) -> Duration {
    times.sort();
    let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    let [median, high] = [50, 99].map(percentile);
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let line = format!(
        "{what}, {} times: p50 {:.0} ms, p99 {:.0} ms, most {:.0} ms",
        times.len(),
        ms(median),
        ms(high),
        ms(times[times.len() - 1])
    );
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{line}").unwrap();
    high
}
