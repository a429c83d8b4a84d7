module "myapp_1" {
  source = "../../../modules/myapp"

  name      = local.platform.release
  namespace = data.kubernetes_namespace_v1.service.metadata[0].name
  chart     = "../../../../charts/myapp"

  secret_key = var.myapp_secret_key
  # The password is in a Secret of its own, or with IAM there is none; the service wants one to be set, and does not use it.
  db_password = local.infra.database.authentication == "iam" ? "not used with IAM" : null
  # Raise by one whenever the secret key changes.
  secret_revision = 1

  log_level   = var.log_level
  autoscaling = var.autoscaling
  replicas    = var.replicas
  image       = { repository = local.infra.image_repository, digest = var.image_digest }
  values      = local.values
}
