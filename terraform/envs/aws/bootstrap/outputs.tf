output "pipeline_role_arns" {
  description = "Roles of the pipelines: plan, apply, deploy. They become variables of the repository on GitHub."
  value       = module.pipeline.role_arns
}

output "backend_config" {
  description = "What the other roots are initialised with: terraform output -raw backend_config > ../backend.hcl"
  value       = <<-EOT
    bucket     = "${aws_s3_bucket.state.id}"
    region     = "${var.region}"
    kms_key_id = "${aws_kms_key.state.arn}"
  EOT
}

output "own_backend" {
  description = "Where this root's own state goes after the first apply: terraform output -raw own_backend > backend.tf"
  value       = <<-EOT
    terraform {
      backend "s3" {
        bucket       = "${aws_s3_bucket.state.id}"
        key          = "bootstrap.tfstate"
        region       = "${var.region}"
        kms_key_id   = "${aws_kms_key.state.arn}"
        encrypt      = true
        use_lockfile = true
      }
    }
  EOT
}
