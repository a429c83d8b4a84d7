output "published" {
  description = "What the platform and app roots are told, as they read it from the parameter /NAME/infra."
  value       = local.published
}

output "url" {
  description = "Where clients reach the service, once it is deployed."
  value       = module.edge.url
}

output "database_master_secret_arn" {
  description = "Secret with the password of the database's administrator, for the one who runs app-role.sql."
  value       = module.database.master_secret_arn
}
