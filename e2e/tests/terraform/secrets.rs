//! With mocked providers: what Terraform prints, and whatever it leaves on disk. What a real state, plan and release hold is for
//! the cluster tests.

use std::collections::BTreeSet;
use std::path::Path;

use e2e::secret_scan::Search;
use e2e::terraform::{NO_INPUTS, Root, literal};
use serde_json::{Map, Value, json};

use crate::support::test_file;

const SECRET_KEY: &str = "marked-5ecret-key-4c1d";
const DB_PASSWORD: &str = "marked-p4ssword-9e77";
const DB_USER: &str = "marked-user-2b60";
const CACHE_PASSWORD: &str = "marked-c4che-7d15";
const CACHE_USER: &str = "marked-cache-user-0e38";
/// Not secret: it must be found wherever values are shown.
const CONTROL: &str = "marked-control-51aa";

fn search() -> Search {
    Search::new(&[
        ("SECRET_KEY", SECRET_KEY),
        ("DB_PASSWORD", DB_PASSWORD),
        ("DB_USER", DB_USER),
        ("CACHE_PASSWORD", CACHE_PASSWORD),
        ("CACHE_USER", CACHE_USER),
        ("CONTROL", CONTROL),
    ])
}

#[test]
fn terraform_plan_and_apply_output_holds_no_secret() {
    let inputs = [
        ("name", "shop"),
        ("secret_key", SECRET_KEY),
        ("db_password", DB_PASSWORD),
        ("db_user", DB_USER),
        ("cache_password", CACHE_PASSWORD),
        ("cache_user", CACHE_USER),
        ("api_base_url", &format!("/{CONTROL}")),
    ];
    let variables: Map<String, Value> =
        inputs.iter().map(|(name, value)| ((*name).to_owned(), literal(value))).collect();
    let run = |command: &str, revision: u32| {
        let mut variables = variables.clone();
        variables.insert("secret_revision".into(), revision.into());
        json!({ "command": command, "variables": variables })
    };
    let runs = json!({ "a_plan": run("plan", 1), "b_apply": run("apply", 1), "c_bump": run("apply", 2) });
    let root = Root::copy("modules/myapp");
    root.replace_tests(&[("marked".to_owned(), test_file(runs.as_object().unwrap()))]);
    let report = root.test(&["-verbose"]);
    assert!(report.passed, "{}", report.text);

    let search = search();
    let mut found = search.look("output", report.text.as_bytes());
    // The tests themselves hold the values.
    let is_no_test = |path: &Path| !path.to_string_lossy().ends_with(".tftest.json");
    found.extend(search.look_below(root.folder(), &is_no_test).unwrap());
    let values: BTreeSet<_> = found.iter().map(|finding| finding.value).collect();
    assert_eq!(values, BTreeSet::from(["CONTROL"]), "{found:#?}");
}

#[test]
fn the_release_waits_for_its_secret() {
    let graph = Root::copy("modules/myapp").run(&["graph"], NO_INPUTS);
    assert!(graph.contains(r#""helm_release.myapp" -> "kubernetes_secret_v1.myapp""#), "{graph}");
}

/// The search of the cluster tests depends on this property: Terraform's own files can be unpacked.
#[test]
fn search_finds_secret_wherever_terraform_stores_it() {
    let root = Root::with_main(
        r#"
        variable "secret" {
          sensitive = true
        }
        resource "terraform_data" "leak" {
          input = var.secret
        }
        "#,
    );
    let apply = ["apply", "-auto-approve", "-no-color"];
    let first = root.run(&apply, &[("secret", SECRET_KEY)]);
    // The second apply makes the first state the backup.
    root.run(&apply, &[("secret", &format!("{SECRET_KEY}-2"))]);
    let search = search();
    for (place, content) in root.kept(&[("secret", SECRET_KEY)]) {
        assert!(
            !search.look(place, &content).is_empty(),
            "the {place} holds the secret, and the search misses it"
        );
    }
    assert!(search.look("console", first.as_bytes()).is_empty(), "Terraform masks it there");
}
