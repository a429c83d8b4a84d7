//! Every door accepts the same configurations: the process's environment, the mounted directory, and the chart.

use e2e::entry_points::{Settings, environment_accepts, files_accept, mounted_accepts, settings};
use e2e::helm::{Release, Values};
use e2e::kubelet_volume::mount_projected;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::{Value, json};

/// Each case runs Helm once; the nightly run sets more by PROPTEST_CASES.
const CASES: u32 = 96;

/// The objects that the chart renders from these settings; `None` if it refuses them.
fn rendered(settings: &Settings) -> Option<Vec<Value>> {
    let document = json!({ "config": settings });
    Release::named("doors").render(&Values::none().document(document)).ok()
}

#[test]
fn entry_points_agree_and_rendered_values_start_process() {
    let config = Config {
        cases: std::env::var("PROPTEST_CASES").map_or(CASES, |cases| cases.parse().unwrap()),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        source_file: Some(file!()),
        max_shrink_iters: 200,
        ..Config::default()
    };
    let counts = std::cell::Cell::new([0, 0]);
    TestRunner::new(config)
        .run(&settings(), |settings| {
            let accepted = environment_accepts(&settings);
            prop_assert_eq!(files_accept(&settings), accepted, "files and environment differ");
            let objects = rendered(&settings);
            prop_assert_eq!(objects.is_some(), accepted, "chart and environment differ");
            if let Some(objects) = objects {
                let directory = tempfile::tempdir().unwrap();
                mount_projected(&objects, directory.path()).unwrap();
                prop_assert!(
                    mounted_accepts(directory.path()),
                    "what the chart renders does not start the process"
                );
            }
            let mut seen = counts.get();
            seen[usize::from(accepted)] += 1;
            counts.set(seen);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    // Doors that agree because all refuse everything, or nothing, would prove little.
    let [refused, accepted] = counts.get();
    assert!(refused > CASES / 5 && accepted > CASES / 5, "refused {refused}, accepted {accepted}");
}
