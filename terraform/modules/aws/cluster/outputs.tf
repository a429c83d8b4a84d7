output "name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.cluster.name
}

output "arn" {
  description = "ARN of the cluster, for policies and trust conditions."
  value       = aws_eks_cluster.cluster.arn
}

output "endpoint" {
  description = "URL of the API server. It has a private address unless public_access_cidrs were given."
  value       = aws_eks_cluster.cluster.endpoint
}

output "certificate_authority" {
  description = "Certificate of the authority of the API server, PEM in Base64."
  value       = aws_eks_cluster.cluster.certificate_authority[0].data
}

output "identity" {
  description = "How pods get an IAM role: pod_identity or irsa."
  value       = var.identity
}

output "oidc_provider_arn" {
  description = "ARN of the identity provider that roles of irsa trust; null with pod_identity."
  value       = one(aws_iam_openid_connect_provider.cluster[*].arn)
}

output "oidc_issuer" {
  description = "Issuer of the tokens of service accounts without https://, as conditions of trust policies name it."
  value       = local.oidc_issuer
}

output "cluster_security_group_id" {
  description = "Security group of control plane and nodes, made by EKS."
  value       = local.cluster_security_group_id
}

output "pod_security_groups" {
  description = "Whether pods can have security groups of their own: standard, strict or off."
  value       = var.pod_security_groups
}

output "pod_security_group_id" {
  description = "Security group for database and cache to admit: that of the application's pods, or of the nodes with pod_security_groups off."
  value       = local.pods_have_groups ? aws_security_group.pods[0].id : local.cluster_security_group_id
}

output "node_role_arn" {
  description = "ARN of the role of the nodes."
  value       = aws_iam_role.nodes.arn
}
