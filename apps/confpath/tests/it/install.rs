//! `confpath install`, as an init container calls it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::Scene;

#[test]
fn installed_copy_runs_and_replaces_an_old_one() {
    let scene = Scene::new();
    // What is there: another version, and a copy that was broken off.
    scene.write("tools/confpath", "old");
    scene.write("tools/.confpath.draft", "half");
    let run = scene.call("install tools");
    assert_eq!((run.code(), run.stdout().as_str()), (0, "wrote tools/confpath\n"), "{:?}", run.problems());
    let copy = scene.path().join("tools/confpath");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o7777, 0o555);
    assert!(fs::read(&copy).unwrap() == fs::read(env!("CARGO_BIN_EXE_confpath")).unwrap());
    assert!(Command::new(&copy).arg("--version").output().unwrap().status.success());
    let names: Vec<_> = fs::read_dir(scene.path().join("tools")).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn missing_folder_is_named() {
    let scene = Scene::new();
    let run = scene.call("install tools");
    assert_eq!(run.code(), 2);
    assert!(run.problems()[0].starts_with("tools/confpath: cannot be written: "), "{:?}", run.problems());
}
