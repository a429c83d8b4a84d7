//! Samples in other languages: their own tests, run by the programs of their images.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::path::Path;

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
