//! `confpath init` in a new and in an existing repository.

use std::fs;

use crate::Scene;

fn empty() -> Scene {
    let scene = Scene::new();
    fs::remove_file(scene.path().join("contract.json")).unwrap();
    scene
}

fn read(scene: &Scene, path: &str) -> String {
    fs::read_to_string(scene.path().join(path)).unwrap()
}

#[test]
fn new_repository_is_whole_and_checks() {
    let scene = empty();
    let run = scene.call(
        "init shop --image registry.example.com/shop --port 5000 --language python --confpath-image registry.example.com/confpath:1",
    );
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    for path in [
        "charts/shop/Chart.yaml",
        "charts/shop/charts/confpath/Chart.yaml",
        "charts/shop/files/contract.json",
        "charts/shop/templates/release.yaml",
        "charts/shop/values.schema.json",
        "confpath.json",
        "contract.json",
        "charts/shop/files/admission.yaml",
        "docs/config.md",
        ".github/workflows/configuration.yaml",
        "shop/settings.py",
        "terraform/release.tf",
        "terraform/settings.tf",
        "tests/configuration.sh",
    ] {
        let text = read(&scene, path);
        for placeholder in ["@NAME@", "@IMAGE@", "@PORT@", "@VERSION@", "@VERSIONS@", "@READER@"] {
            assert!(!text.contains(placeholder), "{path} has a placeholder");
        }
    }
    assert!(read(&scene, "README.md").starts_with("# shop\n\n## Configuration\n"));
    assert_eq!(scene.call("generate --check").code(), 0);
    let check = scene.call("check --contract contract.json --values charts/shop/values.yaml");
    assert_eq!(check.code(), 0, "{:?}", check.problems());
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let scene = empty();
    scene.write("README.md", "# Shop\n\nBy hand.\n");
    scene.write("contract.json", r#"{"type":"object","properties":{"PORT":{"type":"integer","default":1}}}"#);
    scene.write(
        "charts/shop/values.yaml",
        "mine: 1\nconfig:\n  # confpath generate: begin settings\n  # confpath generate: end settings\n",
    );
    let run = scene.call("init shop");
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    for path in ["contract.json", "charts/shop/values.yaml"] {
        assert!(run.stdout().lines().any(|line| line == format!("kept {path}")), "{}", run.stdout());
    }
    assert!(read(&scene, "contract.json").starts_with(r#"{"type":"object""#));
    let values = read(&scene, "charts/shop/values.yaml");
    assert!(values.starts_with("mine: 1\n") && values.contains("  PORT: 1\n"), "{values}");
    let readme = read(&scene, "README.md");
    assert!(readme.starts_with("# Shop\n\nBy hand.\n\n## Configuration\n"), "{readme}");
    assert!(!scene.path().join(".github").exists(), "no workflow without an image");
    assert!(!read(&scene, "confpath.json").contains("dockerfile"), "no label without a place for it");
    scene.call("init shop");
    assert_eq!(read(&scene, "README.md"), readme, "the section comes once");
}

#[test]
fn wrong_names_are_refused_before_anything_is_written() {
    let scene = empty();
    for (arguments, words) in [
        ("init Shop", "NAME: must be a name as Kubernetes takes it"),
        ("init shop --image a@b", "--image: must be a name"),
        ("init shop --confpath-image a:$1", "--confpath-image: must be a reference"),
    ] {
        let run = scene.call(arguments);
        assert_eq!(run.code(), 64);
        assert!(run.problems()[0].contains(words), "{:?}", run.problems());
    }
    let run = scene.call("init Shop --image a@b --confpath-image =");
    assert_eq!(run.problems().len(), 3, "{:?}", run.problems());
    assert_eq!(scene.call("init shop --port 0").code(), 64);
    assert_eq!(fs::read_dir(scene.path()).unwrap().count(), 0);
}

#[test]
fn dockerfile_with_the_region_gets_the_label() {
    let scene = empty();
    let region = "FROM scratch\n# confpath generate: begin contract\n# confpath generate: end contract\n";
    scene.write("Dockerfile", region);
    let run = scene.call("init shop");
    assert_eq!(run.code(), 0, "{:?}", run.problems());
    assert!(read(&scene, "Dockerfile").contains("\nLABEL dev.confpath.contract=\""));
    // The lines that the README asks for are those that the Dockerfile has.
    let readme = read(&scene, "README.md");
    let lines = readme.split("```dockerfile\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(lines.ends_with(region.split_once('\n').unwrap().1), "{lines}");
    scene.write("contract.json", r#"{"type":"object","properties":{"PORT":{"type":"integer"}}}"#);
    let check = scene.call("generate --check");
    assert!(check.problems().iter().any(|line| line == "Dockerfile: differs"), "{:?}", check.problems());
}
