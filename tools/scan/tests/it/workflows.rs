use super::project::Project;

const CLEAN: &str = "name: ci
on: push
permissions: {}
jobs:
  test:
    name: Test
    runs-on: ubuntu-24.04
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          persist-credentials: false
      - run: cargo xtask test
";
const PATH: &str = ".github/workflows/ci.yml";

#[test]
fn unpinned_action_and_template_injection_are_found() {
    let project = Project::of(&[(PATH, CLEAN)]);
    project.scan(&["workflows"]).assert_clean();
    let unpinned = CLEAN
        .replace("@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1", "@v6 # zizmor: ignore[unpinned-uses]");
    project.write(PATH, &unpinned);
    project.scan(&["workflows"]).assert_found(&format!("{PATH}:11"), "unpinned-uses");
    let injected = CLEAN.replace("cargo xtask test", "echo ${{ github.event.head_commit.message }}");
    project.write(PATH, &injected);
    let output = project.scan(&["workflows"]);
    output.assert_found(&format!("{PATH}:14"), "template-injection");
    output.assert_found(&format!("{PATH}:14"), "expression");
}

#[test]
fn a_script_that_shellcheck_refuses_is_found() {
    let project =
        Project::of(&[(PATH, &CLEAN.replace("cargo xtask test", "echo $HOME/*.txt | xargs rm $1"))]);
    project.scan(&["workflows"]).assert_found(&format!("{PATH}:14"), "shellcheck");
}

#[test]
fn a_project_without_workflows_is_told_so() {
    let output = Project::of(&[]).scan(&["workflows"]);
    assert_eq!(output.code, Some(1));
    assert!(output.text.contains("there is no workflow in .github/workflows"), "{}", output.text);
}
