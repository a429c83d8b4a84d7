# What the service's namespace has before the service comes.

locals {
  pod_labels          = { "${var.name}/data" = "reachable" }
  database_secret     = "${var.release}-database"
  database_secret_key = "password"
}

resource "kubernetes_namespace_v1" "service" {
  metadata {
    name = local.infra.namespace
    labels = {
      "pod-security.kubernetes.io/enforce" = "restricted"
      # A new pod counts as ready once the load balancer sends to it, so that a rollout does not outrun the load balancer.
      "elbv2.k8s.aws/pod-readiness-gate-inject" = "enabled"
    }
  }
}

# Certificates, which everyone may read; with them a pod knows the database from an impostor.
resource "kubernetes_config_map_v1" "database_ca" {
  metadata {
    name      = "rds-ca"
    namespace = kubernetes_namespace_v1.service.metadata[0].name
  }

  data = { "ca.crt" = file(var.database_ca_file) }
}

# Objects of the controllers' kinds, as a chart: a plan needs no cluster that knows the kinds yet.
resource "helm_release" "wiring" {
  name      = "wiring"
  namespace = kubernetes_namespace_v1.service.metadata[0].name
  chart     = "${path.module}/wiring"
  # The provider sees a chart's version only; with this an edited one is a change.
  description = "chart files sha256:${sha256(join("", [for file in sort(fileset("${path.module}/wiring", "**")) : "${filesha256("${path.module}/wiring/${file}")}  ${file}\n"]))}"

  values = [yamlencode({
    release         = var.release
    servicePort     = 80
    targetGroupArn  = local.infra.edge.target_group_arn
    podLabels       = local.pod_labels
    securityGroupId = local.infra.pod_security_group_id == null ? "" : local.infra.pod_security_group_id
    region          = local.infra.region
    databasePassword = {
      secretArn = local.infra.database.password_secret_arn == null ? "" : local.infra.database.password_secret_arn
      secret    = local.database_secret
      key       = local.database_secret_key
    }
  })]

  atomic          = true
  wait            = true
  cleanup_on_fail = true
  max_history     = 5
  timeout         = 120

  # Their kinds, and on a destroy someone who lets go of the objects.
  depends_on = [helm_release.load_balancer_controller, helm_release.external_secrets]
}
