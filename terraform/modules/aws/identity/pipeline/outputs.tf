output "role_arns" {
  description = "ARNs of the roles by what they are for: plan, apply, deploy."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}
