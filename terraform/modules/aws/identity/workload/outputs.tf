output "role_arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
}

output "service_account_annotations" {
  description = "Annotations that the service account needs: those of irsa; none with Pod Identity, where the cluster knows."
  value       = var.identity_mode == "irsa" ? { "eks.amazonaws.com/role-arn" = aws_iam_role.this.arn } : {}
}
