use super::project::Project;

const BUCKET: &str = r#"resource "aws_s3_bucket" "planted" {
  bucket = "planted"
}

resource "aws_s3_bucket_acl" "planted" {
  bucket = aws_s3_bucket.planted.id
  acl    = "public-read"
}

resource "aws_security_group" "planted" {
  description = "Planted."

  #checkov:skip=CKV_AWS_24:silenced
  ingress {
    description = "Planted."
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"#;

#[test]
fn planted_policy_violations_are_found() {
    // All Dockerfiles: an explanation without a finding is one itself.
    let project = Project::with(&[
        "charts",
        "terraform",
        "apps/myapp/Dockerfile",
        "apps/confpath/Dockerfile",
        "e2e/tests/cluster/shop/Dockerfile",
        "samples/go/Dockerfile",
        "samples/java/Dockerfile",
        "samples/node/Dockerfile",
        "samples/python/Dockerfile",
        ".scan/checkov.json",
    ]);
    project.scan(&["policies"]).assert_clean();
    let chart = std::fs::read_to_string(project.path().join("charts/myapp/values.yaml")).unwrap();
    project
        .write("charts/myapp/values.yaml", &chart.replace("    memory: 128Mi", "    ephemeral-storage: 1Gi"));
    project.write("terraform/planted/main.tf", BUCKET);
    let output = project.scan(&["policies"]);
    output.assert_found("charts/myapp/ci/minimal-values.yaml", "CKV_K8S_13");
    output.assert_found("terraform/planted/main.tf:1", "CKV_AWS_20");
    output.assert_found("terraform/planted/main.tf:10", "CKV_AWS_24");
    assert!(output.text.contains("silenced by a comment"), "{}", output.text);
}
