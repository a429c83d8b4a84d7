//! Samples in other languages: their own tests, run by the programs of their images where these are no static ones, and changes
//! under the agent.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod rotation;
mod sequences;

use std::path::Path;
use std::process::Command;

use e2e::harness::python_image::{PythonRoot, SAMPLE};

#[test]
fn python_sample_passes_tests_on_its_image() {
    let said =
        PythonRoot::of_sample().python(Path::new(SAMPLE), &["-m", "unittest", "discover", "-s", "tests"]);
    let ran = said.lines().find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()).unwrap();
    assert!(ran.parse::<u32>().unwrap() >= 10, "{said}");
}

#[test]
fn python_image_is_the_same_twice_without_shell() {
    let roots = [PythonRoot::of_sample(), PythonRoot::of_sample()];
    let [one, other] = roots.each_ref().map(PythonRoot::files);
    assert_eq!(one, other, "the same packages give the same bytes");
    let programs: Vec<_> =
        one.keys().filter(|path| path.starts_with("usr/bin") || path.starts_with("bin")).collect();
    assert!(
        programs.iter().all(|path| path.to_string_lossy().starts_with("usr/bin/python3")),
        "{programs:?}"
    );
}

#[test]
fn go_sample_passes_vet_and_tests() {
    let go = |arguments: &[&str]| succeed(Command::new("go").args(arguments).current_dir(rotation::GO));
    go(&["vet", "./..."]);
    let said = go(&["test", "-v", "-count=1", "./..."]);
    assert!(said.matches("--- PASS").count() >= 5, "{said}");
}

#[test]
fn node_sample_compiles_and_passes_tests() {
    let folder = tempfile::tempdir().unwrap();
    install_node_sample(folder.path());
    let said = npm(folder.path(), &["test"]);
    assert!(said.contains("# pass 5") && said.contains("# fail 0"), "{said}");
}

#[test]
fn java_sample_compiles_and_passes_tests() {
    let folder = tempfile::tempdir().unwrap();
    compile_java_sample(folder.path(), None);
    let mut java = Command::new("java");
    let said = succeed(java.arg("-cp").arg(folder.path()).arg("com.example.javaapp.ServiceTest"));
    assert!(said.matches("passed ").count() >= 5, "{said}");
}

/// Copies the sample in Node into a folder, with the packages that compile it.
fn install_node_sample(folder: &Path) {
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/node");
    let files = ["package.json", "package-lock.json", "tsconfig.json", "src"];
    let files = files.map(|file| Path::new(from).join(file));
    succeed(Command::new("cp").arg("-r").args(files).arg(folder));
    npm(folder, &["ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]);
}

fn npm(folder: &Path, arguments: &[&str]) -> String {
    succeed(Command::new("npm").args(arguments).current_dir(folder))
}

/// Compiles the sample in Java, with one file more if there is one, into a folder.
fn compile_java_sample(folder: &Path, beside: Option<&Path>) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/java/src");
    let sources = succeed(Command::new("find").arg(from).args(["-name", "*.java"]));
    let flags = ["--release", "17", "-Xlint:all", "-Werror", "-encoding", "UTF-8", "-d"];
    succeed(Command::new("javac").args(flags).arg(folder).args(sources.lines()).args(beside));
}

/// Runs a program that must succeed; returns its output of both streams.
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned());
    assert!(output.status.success(), "{command:?}: {}", said.concat());
    said.concat()
}
