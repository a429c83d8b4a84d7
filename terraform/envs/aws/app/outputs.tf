# One line an instance. `cargo xtask drift` reads it.
output "releases" {
  description = "What Terraform gives Helm, and what Helm says, by instance."
  value = {
    myapp_1 = module.myapp_1
  }
}

output "url" {
  description = "Where clients reach the service."
  value       = local.infra.edge.url
}
