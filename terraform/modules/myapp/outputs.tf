output "name" {
  description = "Name of the release."
  value       = helm_release.myapp.name
}

output "namespace" {
  description = "Namespace of the release and its Secret."
  value       = helm_release.myapp.namespace
}

output "secret_name" {
  description = "Name of the Secret with SECRET_KEY and, as far as they are given, DB_PASSWORD, DB_USER, CACHE_PASSWORD and CACHE_USER."
  value       = kubernetes_secret_v1.myapp.metadata[0].name
}

output "status" {
  description = "What Helm says of the release, such as deployed."
  value       = helm_release.myapp.status
}

output "revision" {
  description = "Number of the release's revision. It changes in a plan when someone upgraded or rolled back by hand."
  value       = helm_release.myapp.metadata.revision
}

# Read back from the release, so that nothing is shown before it was checked.
output "release_values" {
  description = "Exactly the values that Helm gets. None of a release that was imported, until the next apply."
  value       = helm_release.myapp.values == null ? null : yamldecode(helm_release.myapp.values[0])
}
