# What the chart is told of the surroundings, in place of what a laptop has.

locals {
  # Nothing, or one. Its certificate is from an authority that the service knows, so that no bundle is needed.
  caches = local.infra.cache[*]

  values = merge(local.surroundings, { for cache in local.caches : "cache" => {
    host = cache.host
    port = cache.port
    user = cache.user
    # The only way in: a token made with the role of the pods, for this replication group.
    auth = "iam"
    name = cache.replication_group_id
  } })

  surroundings = {
    database = merge(
      {
        host     = local.infra.database.host
        port     = local.infra.database.port
        name     = local.infra.database.name
        user     = local.infra.database.user
        auth     = local.infra.database.authentication
        caBundle = { configMap = local.platform.database.ca_bundle.config_map, key = local.platform.database.ca_bundle.key }
      },
      local.platform.database.secret == null ? {} : {
        existingSecret    = local.platform.database.secret
        existingSecretKey = local.platform.database.secret_key
      },
    )

    # The pods of this account have the role, those with these labels the security group.
    serviceAccount = { name = local.infra.service_account, annotations = local.infra.service_account_annotations.service }
    podLabels      = local.platform.pod_labels
    networkPolicy = merge(
      { databaseTo = [for cidr in local.infra.database.cidrs : { ipBlock = { cidr = cidr } }] },
      { for cache in local.caches : "cacheTo" => [for cidr in cache.cidrs : { ipBlock = { cidr = cidr } }] },
    )

    # A load balancer of AWS goes on sending for tens of seconds after a pod has gone: docs/operations.md, "Choosing the budgets".
    drain                         = { minSeconds = 60, acceptMaxSeconds = 60 }
    terminationGracePeriodSeconds = 80
  }
}
