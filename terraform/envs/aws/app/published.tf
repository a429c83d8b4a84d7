# What this root is told: the only way from AWS into it. Names, and nothing secret.

data "aws_ssm_parameter" "infra" {
  name = "/${var.name}/infra"

  lifecycle {
    postcondition {
      condition     = try(jsondecode(self.insecure_value).cache, null) == null || can(jsondecode(self.insecure_value).cache.cidrs)
      error_message = "The parameter ${self.name} describes a cache without its subnets: an older infra root wrote it. Nothing was changed; apply the infra root first."
    }
  }
}

data "aws_ssm_parameter" "platform" {
  name = "/${var.name}/platform"
}

locals {
  infra    = jsondecode(data.aws_ssm_parameter.infra.insecure_value)
  platform = jsondecode(data.aws_ssm_parameter.platform.insecure_value)
}

# Read in each plan, so that a cluster that cannot be reached, or not by this role, is known before anything is changed: the helm
# provider alone would plan a first release without a look at the cluster.
data "kubernetes_namespace_v1" "service" {
  metadata {
    name = local.platform.namespace
  }

  lifecycle {
    postcondition {
      condition     = try(length(self.metadata[0].uid) > 0, false)
      error_message = "The cluster ${local.infra.cluster_name} has no namespace ${local.platform.namespace}. Nothing was changed; apply the platform root first."
    }
  }
}
