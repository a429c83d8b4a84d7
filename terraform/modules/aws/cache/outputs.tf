output "primary_host" {
  description = "Name of the primary, which reads and writes; after a failure it leads to the replica that took over."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "reader_host" {
  description = "Name that leads to the replicas, for reads that may be a moment old."
  value       = aws_elasticache_replication_group.this.reader_endpoint_address
}

output "port" {
  description = "Port of the cache (TLS)."
  value       = local.port
}

output "user" {
  description = "Name of the user that the service logs in as."
  value       = aws_elasticache_user.app.user_name
}

output "replication_group_id" {
  description = "Id of the cache, which a token of IAM is made for."
  value       = aws_elasticache_replication_group.this.replication_group_id
}

output "connect_arns" {
  description = "ARNs for the action elasticache:Connect, which needs both: this cache and this user."
  value       = [aws_elasticache_replication_group.this.arn, aws_elasticache_user.app.arn]
}

output "security_group_id" {
  description = "Id of the cache's security group."
  value       = aws_security_group.this.id
}

output "kms_key_arn" {
  description = "ARN of the key that data, snapshots and logs are encrypted with."
  value       = aws_kms_key.this.arn
}
