locals {
  tags = { project = var.name, root = "infra" }

  # Agreed with the platform and app roots, and published below: the pods' role is tied to this account.
  service_account = "myapp"
}

module "network" {
  source = "../../../modules/aws/network"

  name                = var.name
  tags                = local.tags
  cidr                = var.network.cidr
  zones               = var.network.zones
  nat                 = var.network.nat
  interface_endpoints = var.network.interface_endpoints
}

module "cluster" {
  source = "../../../modules/aws/cluster"

  name                          = var.name
  tags                          = local.tags
  vpc_id                        = module.network.vpc_id
  vpc_cidr                      = module.network.vpc_cidr
  subnet_ids                    = module.network.node_subnet_ids
  kubernetes_version            = var.cluster.kubernetes_version
  identity                      = var.cluster.identity
  pod_security_groups           = var.cluster.pod_security_groups
  node_instance_types           = var.cluster.node_instance_types
  node_architecture             = var.cluster.node_architecture
  node_count                    = var.cluster.node_count
  public_access_cidrs           = var.cluster.public_access_cidrs
  api_client_security_group_ids = var.cluster.api_client_security_group_ids
  access_entries                = local.access_entries
}

module "database" {
  source = "../../../modules/aws/database"

  name                      = var.name
  tags                      = local.tags
  production                = var.production
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.database_subnet_ids
  client_security_group_id  = module.cluster.pod_security_group_id
  authentication            = var.database.authentication
  password_secret_arn       = var.database.password_secret_arn
  engine_major_version      = var.database.engine_major_version
  instance_class            = var.database.instance_class
  storage_gib               = var.database.storage_gib
  storage_max_gib           = var.database.storage_max_gib
  multi_az                  = var.database.multi_az
  backup_retention_days     = var.database.backup_retention_days
  deletion_protection       = var.database.deletion_protection
  performance_insights_days = var.database.performance_insights_days
  monitoring_seconds        = var.database.monitoring_seconds
}

module "cache" {
  source = "../../../modules/aws/cache"
  count  = var.cache == null ? 0 : 1

  name                     = var.name
  tags                     = local.tags
  production               = var.production
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.cache_subnet_ids
  client_security_group_id = module.cluster.pod_security_group_id
  engine_version           = var.cache.engine_version
  node_type                = var.cache.node_type
  replicas                 = var.cache.replicas

  # The chart begins the service's keys with NAMESPACE/FULLNAME; whoever may deploy may change everything in the namespace.
  key_prefix = "${var.namespace}/"
}

module "edge" {
  source = "../../../modules/aws/edge"
  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  name                  = var.name
  tags                  = local.tags
  vpc_id                = module.network.vpc_id
  public_subnet_ids     = module.network.public_subnet_ids
  private_subnet_ids    = module.network.node_subnet_ids
  pod_security_group_id = module.cluster.pod_security_group_id
  domain_name           = var.edge.domain_name
  zone_id               = var.edge.zone_id
  load_balancer         = var.edge.load_balancer
  cdn                   = var.edge.cdn
  waf                   = var.edge.waf
  waf_rate_limit        = var.edge.waf_rate_limit
  client_cidrs          = var.edge.client_cidrs
  deletion_protection   = var.production
}

module "registry" {
  source = "../../../modules/aws/identity/registry"

  name       = var.name
  tags       = local.tags
  production = var.production
}
