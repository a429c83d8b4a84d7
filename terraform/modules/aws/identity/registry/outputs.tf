output "repository_url" {
  description = "Name of the repository, without a tag, as image.repository of the chart wants it."
  value       = aws_ecr_repository.this.repository_url
}

output "repository_arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.this.arn
}
