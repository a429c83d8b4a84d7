locals {
  # What the values input may not hold.
  own_values = ["autoscaling", "existingSecret", "exposeSecrets", "image", "replicaCount", "secretRevision"]

  image = {
    repository = var.image.repository
    tag        = var.image.tag
    digest     = var.image.digest
    pullPolicy = var.image.pull_policy
  }
  given_image = { for key, value in local.image : key => value if value != null }

  # Nothing, or one. Where no measure is given, the chart's own holds.
  given_autoscaling = { for scaling in var.autoscaling[*] : "autoscaling" => merge(
    {
      enabled     = true
      minReplicas = scaling.min_replicas
      maxReplicas = scaling.max_replicas
      annotations = scaling.annotations
    },
    scaling.cpu_percent == null && scaling.memory_percent == null && scaling.metrics == null ? {} : {
      targetCPUUtilizationPercentage    = scaling.cpu_percent
      targetMemoryUtilizationPercentage = scaling.memory_percent
    },
    scaling.metrics == null ? {} : { metrics = scaling.metrics },
    scaling.behavior == null ? {} : { behavior = scaling.behavior },
  ) }

  release_values = merge(
    var.values,
    {
      config         = merge(try(var.values.config, {}), local.settings)
      existingSecret = kubernetes_secret_v1.myapp.metadata[0].name
      exposeSecrets  = var.expose_secrets
      replicaCount   = var.replicas
      secretRevision = tostring(var.secret_revision)
    },
    local.given_autoscaling,
    length(local.given_image) == 0 ? {} : { image = local.given_image },
  )

  # The provider sees a chart's version only. With the digest of its files in the release's description an edited chart is a
  # change; one from a registry is fixed by its version.
  chart_files  = startswith(var.chart, "oci://") ? [] : sort(fileset(var.chart, "**"))
  chart_digest = sha256(join("", [for file in local.chart_files : "${filesha256("${var.chart}/${file}")}  ${file}\n"]))
  description  = startswith(var.chart, "oci://") ? "chart ${var.chart} ${var.chart_version}" : "chart files sha256:${local.chart_digest}"

  namespace = var.create_namespace ? kubernetes_namespace_v1.myapp[0].metadata[0].name : var.namespace
}

resource "kubernetes_namespace_v1" "myapp" {
  count = var.create_namespace ? 1 : 0

  metadata {
    name = var.namespace
  }
}

# The secrets' only way: written to the cluster, kept in no state or plan, and unknown to Helm.
resource "kubernetes_secret_v1" "myapp" {
  metadata {
    name      = "${var.name}-secrets"
    namespace = local.namespace
    labels = {
      "app.kubernetes.io/instance"   = var.name
      "app.kubernetes.io/managed-by" = "Terraform"
    }
  }

  data_wo          = local.secrets
  data_wo_revision = var.secret_revision
}

resource "helm_release" "myapp" {
  name        = var.name
  namespace   = local.namespace
  chart       = var.chart
  version     = var.chart_version
  description = local.description
  values      = [yamlencode(local.release_values)]

  # A rollout that does not become ready is undone, and what it had added is removed.
  atomic          = true
  wait            = true
  cleanup_on_fail = true
  # Each kept revision is a Secret with the chart and its values in it.
  max_history = 5

  # The provider must not give up while Helm still rolls back.
  timeout = var.timeout_seconds
  timeouts = {
    create = "${2 * var.timeout_seconds + 60}s"
    update = "${2 * var.timeout_seconds + 60}s"
    delete = "${var.timeout_seconds + 60}s"
  }

  lifecycle {
    # confpath generate: begin preconditions
    precondition {
      condition     = local.concealed.CACHE_URL == null ? true : jsondecode(jsonencode(local.concealed.CACHE_URL)) == local.concealed.CACHE_URL
      error_message = "CACHE_URL: is not UTF-8 text"
    }
    precondition {
      condition     = local.concealed.CACHE_URL == null ? true : !can(regex("[\\x00-\\x1f\\x7f-\\x{9f}\\x{2028}\\x{2029}\\x{feff}\\x{fffe}\\x{ffff}]", local.concealed.CACHE_URL))
      error_message = "CACHE_URL: contains a control character such as a newline or NUL"
    }
    precondition {
      condition     = local.concealed.CACHE_URL == null ? true : length(regexall("(?s:.)", local.concealed.CACHE_URL)) <= 2048
      error_message = "CACHE_URL: must have 0 to 2048 characters"
    }
    precondition {
      condition     = local.concealed.CACHE_URL == null ? true : can(regex("^(?:redis://(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?:[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|127(?:\\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}|\\[::1\\])(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(?:/(?:0|[1-9][0-9]{0,3})?)?|rediss://(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?:[A-Za-z0-9](?:(?:\\.|-+)?[A-Za-z0-9])*|\\[(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,7}:|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,1}|(?:[0-9A-Fa-f]{1,4}:){1,5}(?::[0-9A-Fa-f]{1,4}){1,2}|(?:[0-9A-Fa-f]{1,4}:){1,4}(?::[0-9A-Fa-f]{1,4}){1,3}|(?:[0-9A-Fa-f]{1,4}:){1,3}(?::[0-9A-Fa-f]{1,4}){1,4}|(?:[0-9A-Fa-f]{1,4}:){1,2}(?::[0-9A-Fa-f]{1,4}){1,5}|(?:[0-9A-Fa-f]{1,4}:){1,1}(?::[0-9A-Fa-f]{1,4}){1,6}|:(?:(?::[0-9A-Fa-f]{1,4}){1,7}|:))\\])(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(?:/(?:0|[1-9][0-9]{0,3})?)?(?:\\?sslrootcert=/[A-Za-z0-9_./-]+)?)$", local.concealed.CACHE_URL))
      error_message = "CACHE_URL: must be redis://HOST or, beyond loopback, rediss://HOST, as in rediss://cache.example:6379/0, without a password"
    }
    precondition {
      condition     = local.concealed.DATABASE_URL == null ? true : jsondecode(jsonencode(local.concealed.DATABASE_URL)) == local.concealed.DATABASE_URL
      error_message = "DATABASE_URL: is not UTF-8 text"
    }
    precondition {
      condition     = local.concealed.DATABASE_URL == null ? true : !can(regex("[\\x00-\\x1f\\x7f-\\x{9f}\\x{2028}\\x{2029}\\x{feff}\\x{fffe}\\x{ffff}]", local.concealed.DATABASE_URL))
      error_message = "DATABASE_URL: contains a control character such as a newline or NUL"
    }
    precondition {
      condition     = local.concealed.DATABASE_URL == null ? true : length(regexall("(?s:.)", local.concealed.DATABASE_URL)) <= 2048
      error_message = "DATABASE_URL: must have 0 to 2048 characters"
    }
    precondition {
      condition     = local.concealed.DATABASE_URL == null ? true : can(regex("^(?:sqlite:/?[A-Za-z0-9_.-][A-Za-z0-9_./-]*|postgres(?:ql)?://[A-Za-z0-9_][A-Za-z0-9_.-]*@(?:(?:[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|127(?:\\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}|\\[::1\\])(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?/[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\\?(?:sslmode=(?:disable|prefer|require|verify-ca|verify-full)(?:&sslrootcert=/[A-Za-z0-9_./-]+)?|sslrootcert=/[A-Za-z0-9_./-]+&sslmode=(?:disable|prefer|require|verify-ca|verify-full)))?|(?:[A-Za-z0-9](?:(?:\\.|-+)?[A-Za-z0-9])*|\\[(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,7}:|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,1}|(?:[0-9A-Fa-f]{1,4}:){1,5}(?::[0-9A-Fa-f]{1,4}){1,2}|(?:[0-9A-Fa-f]{1,4}:){1,4}(?::[0-9A-Fa-f]{1,4}){1,3}|(?:[0-9A-Fa-f]{1,4}:){1,3}(?::[0-9A-Fa-f]{1,4}){1,4}|(?:[0-9A-Fa-f]{1,4}:){1,2}(?::[0-9A-Fa-f]{1,4}){1,5}|(?:[0-9A-Fa-f]{1,4}:){1,1}(?::[0-9A-Fa-f]{1,4}){1,6}|:(?:(?::[0-9A-Fa-f]{1,4}){1,7}|:))\\])(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?/[A-Za-z0-9_][A-Za-z0-9_.-]*\\?(?:sslmode=verify-full(?:&sslrootcert=/[A-Za-z0-9_./-]+)?|sslrootcert=/[A-Za-z0-9_./-]+&sslmode=verify-full)))$", local.concealed.DATABASE_URL))
      error_message = "DATABASE_URL: must be sqlite:PATH or postgres://USER@HOST/DATABASE, without a password and, beyond loopback, with ?sslmode=verify-full"
    }
    # confpath generate: end preconditions
  }
}
