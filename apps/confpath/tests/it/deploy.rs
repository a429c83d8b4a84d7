//! `confpath deploy` and `confpath drift` before any other program is called: what they refuse, and what they need.

use std::process::Command;

use serde_json::json;

use crate::{MARKED, Run, Scene};

const IMAGE: &str =
    "registry.example.com/shop@sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Calls `confpath` with these variables only, and without any program on the path.
fn alone(scene: &Scene, flags: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_confpath"));
    command.current_dir(scene.path()).args(flags.split(' ')).env_clear().env("PATH", scene.path());
    Run(command.envs(variables.iter().copied()).output().unwrap())
}

/// A repository that `confpath.json` describes.
fn repository() -> Scene {
    let scene = Scene::new();
    let description = json!({
        "service": "shop", "contract": "contract.json", "chart": "charts/shop",
        "deploy": { "namespace": "shops", "context": "production", "environment": "terraform", "secrets": ["TOKEN"] },
    });
    scene.write("confpath.json", description.to_string());
    scene.write("charts/shop/Chart.yaml", "name: shop\n");
    scene.write("terraform/main.tf", "");
    scene
}

#[test]
fn all_refusals_of_a_deploy_come_at_once() {
    let scene = Scene::new();
    let flags = "deploy helm --release shop --context c --image shop:1 --chart charts/none --values none.yaml --secret TOKEN";
    let run = alone(&scene, flags, &[("TF_LOG", "info")]);
    assert_eq!(run.code(), 64);
    let problems = run.problems();
    assert_eq!(problems[0], "nothing was done:");
    for (problem, part) in problems[1..].iter().zip([
        "TF_LOG is set",
        "--image shop:1: names no digest",
        "--chart charts/none: there is no charts/none/Chart.yaml",
        "--secret TOKEN: there is no variable TOKEN",
        "none.yaml: there is no such file of values",
    ]) {
        assert!(problem.contains(part), "{problem}");
    }
    assert_eq!(problems.len(), 6, "{problems:?}");
}

#[test]
fn nothing_is_deployed_to_an_unnamed_context() {
    let scene = Scene::new();
    let run = alone(&scene, &format!("deploy helm --release shop --image {IMAGE} --chart ."), &[]);
    assert_eq!(run.code(), 64);
    assert!(run.problems()[0].contains("give --context"), "{:?}", run.problems());
}

#[test]
fn missing_programs_are_named_after_the_refusals() {
    let scene = repository();
    let helm = format!("deploy helm --image {IMAGE}");
    let run = alone(&scene, &helm, &[]);
    assert_eq!((run.code(), run.problems().len()), (64, 1), "{:?}", run.problems());

    let sentence = |program| {
        format!("{program} is not on the search path (PATH): install it, or add its folder to PATH")
    };
    let run = alone(&scene, &helm, &[("TOKEN", MARKED)]);
    assert_eq!((run.code(), run.problems()), (2, vec![sentence("helm"), sentence("kubectl")]));
    let run = alone(&scene, "drift", &[]);
    assert_eq!((run.code(), run.problems()), (2, vec![sentence("helm"), sentence("kubectl")]));
    let run = alone(&scene, "deploy plan --recipient age1x", &[]);
    assert_eq!((run.code(), run.problems()), (2, vec![sentence("terraform"), sentence("age")]));
    let run = alone(&scene, "deploy wait", &[]);
    assert_eq!((run.code(), run.problems()), (2, vec![sentence("kubectl")]));
}

#[test]
fn unencrypted_plan_is_refused_in_ci() {
    let run = alone(&repository(), "deploy plan", &[("CI", "true")]);
    assert_eq!(run.code(), 64);
    assert!(run.problems()[0].starts_with("PLAN_RECIPIENT is not set"), "{:?}", run.problems());
}

#[test]
fn release_without_a_name_is_refused() {
    let scene = Scene::new();
    for flags in ["drift", "deploy wait", "deploy helm --image x --context c"] {
        let run = alone(&scene, flags, &[]);
        assert_eq!(run.code(), 64, "{flags}");
        assert!(run.problems()[0].starts_with("no release is named"), "{flags}: {:?}", run.problems());
    }
}

#[test]
fn wrong_description_is_refused_with_its_line() {
    let scene = Scene::new();
    scene.write("confpath.json", r#"{ "service": "shop", "contract": "contract.json", "deploi": {} }"#);
    let run = alone(&scene, "drift", &[]);
    assert_eq!(run.code(), 64);
    assert!(
        run.problems()[0].contains("confpath.json:1") && run.problems()[0].contains("deploi"),
        "{:?}",
        run.problems()
    );
    let run = alone(&scene, "drift --project none.json", &[]);
    assert_eq!(run.code(), 2);
}
