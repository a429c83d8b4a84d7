# What this root is told by the infra root, and what it tells the app root. Names, and nothing secret.

data "aws_ssm_parameter" "infra" {
  name = "/${var.name}/infra"
}

locals {
  infra = jsondecode(data.aws_ssm_parameter.infra.insecure_value)
  tags  = { project = var.name, root = "platform" }

  published = {
    namespace  = kubernetes_namespace_v1.service.metadata[0].name
    release    = var.release
    pod_labels = local.pod_labels
    database = {
      # The Secret is there where a password is.
      secret     = local.infra.database.password_secret_arn == null ? null : local.database_secret
      secret_key = local.database_secret_key
      ca_bundle = {
        config_map = kubernetes_config_map_v1.database_ca.metadata[0].name
        key        = one(keys(kubernetes_config_map_v1.database_ca.data))
      }
    }
  }
}

resource "aws_ssm_parameter" "published" {
  name        = "/${var.name}/platform"
  description = "What the platform root tells the app root"
  type        = "String"
  value       = jsonencode(local.published)
  tags        = local.tags

  # Once this is there, so is everything that a release needs.
  depends_on = [helm_release.wiring]
}
