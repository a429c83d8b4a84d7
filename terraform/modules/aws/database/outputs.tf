output "host" {
  description = "Name of the server; its certificate has it, so it is what database.host of the chart must be."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the server."
  value       = local.port
}

output "database_name" {
  description = "Name of the database that the service uses."
  value       = var.database_name
}

output "user" {
  description = "Name of the role that the service logs in as."
  value       = var.user
}

output "authentication" {
  description = "What the service shows the server: iam or password."
  value       = var.authentication
}

output "password_secret_arn" {
  description = "ARN of the secret with the service's password; null with iam."
  value       = var.password_secret_arn
}

output "user_arn" {
  description = "ARN for the action rds-db:connect: this role on this instance, and no other. Null with password."
  value       = var.authentication != "iam" ? null : "arn:${local.partition}:rds-db:${local.region}:${local.account_id}:dbuser:${aws_db_instance.this.resource_id}/${var.user}"
}

output "ca_bundle_url" {
  description = "Where AWS publishes the certificates of the authorities of this region (PEM). They go into the ConfigMap that database.caBundle of the chart names."
  value       = "https://truststore.pki.rds.amazonaws.com/${local.region}/${local.region}-bundle.pem"
}

output "master_secret_arn" {
  description = "ARN of the secret in which RDS keeps the administrator's password."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "security_group_id" {
  description = "Id of the database's security group."
  value       = aws_security_group.this.id
}

output "identifier" {
  description = "Identifier of the instance."
  value       = aws_db_instance.this.identifier
}

output "kms_key_arn" {
  description = "ARN of the key that storage, snapshots, logs and the administrator's secret are encrypted with."
  value       = aws_kms_key.this.arn
}
