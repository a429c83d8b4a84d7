output "url" {
  description = "Where clients reach the service."
  value       = "https://${var.domain_name}"
}

output "target_group_arn" {
  description = "Where the cluster registers its pods, by a TargetGroupBinding."
  value       = aws_lb_target_group.pods.arn
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.edge.arn
}

output "load_balancer_dns_name" {
  description = "AWS' own name of the load balancer. With cdn it has private addresses."
  value       = aws_lb.edge.dns_name
}

output "load_balancer_security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.load_balancer.id
}

output "distribution_id" {
  description = "Id of the CloudFront distribution; null without cdn."
  value       = one(aws_cloudfront_distribution.cdn[*].id)
}

output "log_bucket" {
  description = "Bucket of the access logs."
  value       = aws_s3_bucket.logs.id
}
