output "published" {
  description = "What the app root is told, as it reads it from the parameter /NAME/platform."
  value       = local.published
}
