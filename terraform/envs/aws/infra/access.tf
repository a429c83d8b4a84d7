# Who may do what: people and pipelines in the cluster, pods in AWS.

data "aws_ssm_parameter" "bootstrap" {
  name = "/${var.name}/bootstrap"
}

locals {
  pipeline_role_arns = jsondecode(data.aws_ssm_parameter.bootstrap.insecure_value).pipeline_role_arns

  service_cache_arns = flatten(module.cache[*].connect_arns)

  # The plan role is not among them: to plan what is in the cluster is to read its Secrets.
  access_entries = merge(
    { for arn in var.cluster.administrators : arn => { principal_arn = arn, policy = "cluster-admin" } },
    {
      apply  = { principal_arn = local.pipeline_role_arns.apply, policy = "cluster-admin" }
      deploy = { principal_arn = local.pipeline_role_arns.deploy, policy = "edit", namespaces = [var.namespace] }
    },
  )
}

# The service's pods: one user of one database, one user of one cache, nothing else.
module "service_role" {
  source = "../../../modules/aws/identity/workload"

  name               = "${var.name}-service"
  tags               = local.tags
  identity_mode      = module.cluster.identity
  cluster_name       = module.cluster.name
  cluster_arn        = module.cluster.arn
  oidc_provider_arn  = module.cluster.oidc_provider_arn
  namespace          = var.namespace
  service_account    = local.service_account
  database_user_arns = var.database.authentication == "iam" ? [module.database.user_arn] : []
  cache_arns         = local.service_cache_arns
}

# Registers the service's pods with the load balancer, and makes none itself.
module "load_balancer_controller_role" {
  source = "../../../modules/aws/identity/workload"

  name              = "${var.name}-load-balancer-controller"
  tags              = local.tags
  identity_mode     = module.cluster.identity
  cluster_name      = module.cluster.name
  cluster_arn       = module.cluster.arn
  oidc_provider_arn = module.cluster.oidc_provider_arn
  namespace         = "kube-system"
  service_account   = "aws-load-balancer-controller"
  target_group_arns = [module.edge.target_group_arn]
}

# Brings the database's password into the cluster, where there is one.
module "external_secrets_role" {
  source = "../../../modules/aws/identity/workload"
  count  = var.database.authentication == "password" ? 1 : 0

  name              = "${var.name}-external-secrets"
  tags              = local.tags
  identity_mode     = module.cluster.identity
  cluster_name      = module.cluster.name
  cluster_arn       = module.cluster.arn
  oidc_provider_arn = module.cluster.oidc_provider_arn
  namespace         = "external-secrets"
  service_account   = "external-secrets"
  secret_arns       = [var.database.password_secret_arn]
}
