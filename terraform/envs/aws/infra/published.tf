# What the platform and app roots are told. Names and addresses, nothing secret: whoever may deploy may read it. One document, so
# that they read the state of one apply and not of two.

locals {
  published = {
    region          = var.region
    cluster_name    = module.cluster.name
    vpc_id          = module.network.vpc_id
    namespace       = var.namespace
    service_account = local.service_account
    # Null where pods have the groups of their node.
    pod_security_group_id = module.cluster.pod_security_groups == "off" ? null : module.cluster.pod_security_group_id
    image_repository      = module.registry.repository_url

    database = {
      host                = module.database.host
      port                = module.database.port
      name                = module.database.database_name
      user                = module.database.user
      authentication      = module.database.authentication
      password_secret_arn = module.database.password_secret_arn
      ca_bundle_url       = module.database.ca_bundle_url
      cidrs               = [for zone in sort(keys(var.network.zones)) : var.network.zones[zone].database]
    }
    cache = one([for cache in module.cache : {
      host                 = cache.primary_host
      reader_host          = cache.reader_host
      port                 = cache.port
      user                 = cache.user
      replication_group_id = cache.replication_group_id
      cidrs                = [for zone in sort(keys(var.network.zones)) : var.network.zones[zone].cache]
    }])
    edge = {
      url              = module.edge.url
      target_group_arn = module.edge.target_group_arn
    }
    service_account_annotations = {
      service                  = module.service_role.service_account_annotations
      load_balancer_controller = module.load_balancer_controller_role.service_account_annotations
      external_secrets         = try(module.external_secrets_role[0].service_account_annotations, {})
    }
  }
}

resource "aws_ssm_parameter" "published" {
  name        = "/${var.name}/infra"
  description = "What the infra root tells the platform and app roots"
  type        = "String"
  value       = jsonencode(local.published)
  tags        = local.tags
}
