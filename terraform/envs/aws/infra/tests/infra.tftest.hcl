# How the modules are put together, and what the platform and app roots are told.

mock_provider "aws" {
  source          = "../../../modules/aws/mocks"
  override_during = plan
}

mock_provider "aws" {
  alias           = "us_east_1"
  source          = "../../../modules/aws/mocks"
  override_during = plan
}

override_data {
  target          = data.aws_ssm_parameter.bootstrap
  override_during = plan
  values          = { insecure_value = "{\"pipeline_role_arns\":{\"plan\":\"arn:aws:iam::123456789012:role/shop-pipeline-plan\",\"apply\":\"arn:aws:iam::123456789012:role/shop-pipeline-apply\",\"deploy\":\"arn:aws:iam::123456789012:role/shop-pipeline-deploy\"}}" }
}

variables {
  name   = "shop"
  region = "eu-central-1"
  network = {
    zones = {
      eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.16.0/20", database = "10.0.4.0/24", cache = "10.0.8.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.32.0/20", database = "10.0.5.0/24", cache = "10.0.9.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.48.0/20", database = "10.0.6.0/24", cache = "10.0.10.0/24" }
    }
  }
  cluster = { kubernetes_version = "1.34", administrators = ["arn:aws:iam::123456789012:role/administrators"] }
  edge    = { domain_name = "shop.example.com", zone_id = "Z0123456789ABCDEFGHIJ" }
}

run "only_the_services_pods_are_let_at_the_data" {
  command = plan

  assert {
    condition     = module.cluster.pod_security_groups == "standard" && local.published.pod_security_group_id == module.cluster.pod_security_group_id
    error_message = "the group that database and cache admit must be the one that the service's pods get"
  }
}

run "the_service_may_log_in_to_its_database_and_cache" {
  command = plan

  assert {
    condition     = local.published.database.authentication == "iam" && local.published.database.password_secret_arn == null
    error_message = "tokens are the default"
  }
  assert {
    condition     = length(module.external_secrets_role) == 0
    error_message = "without a password nobody needs to read one"
  }
  assert {
    condition     = length(module.cache[0].connect_arns) == 2 && local.service_cache_arns == module.cache[0].connect_arns
    error_message = "elasticache:Connect needs both the cache and its user: ${jsonencode(local.service_cache_arns)}"
  }
}

run "pipelines_get_into_the_cluster_as_far_as_they_must" {
  command = plan

  assert {
    condition = { for name, entry in local.access_entries : name => [entry.principal_arn, entry.policy, try(entry.namespaces, [])] } == {
      apply                                           = ["arn:aws:iam::123456789012:role/shop-pipeline-apply", "cluster-admin", []]
      deploy                                          = ["arn:aws:iam::123456789012:role/shop-pipeline-deploy", "edit", ["myapp"]]
      "arn:aws:iam::123456789012:role/administrators" = ["arn:aws:iam::123456789012:role/administrators", "cluster-admin", []]
    }
    error_message = "entries: ${jsonencode(local.access_entries)}"
  }
}

run "what_is_published_fits_and_holds_names_only" {
  command = plan

  # A standard parameter takes 4 KB.
  assert {
    condition     = length(jsonencode(output.published)) < 4096 && aws_ssm_parameter.published.type == "String"
    error_message = "published: ${length(jsonencode(output.published))} characters"
  }
  assert {
    condition     = keys(output.published) == ["cache", "cluster_name", "database", "edge", "image_repository", "namespace", "pod_security_group_id", "region", "service_account", "service_account_annotations", "vpc_id"]
    error_message = "published: ${jsonencode(keys(output.published))}"
  }
  assert {
    condition     = output.published.database.cidrs == ["10.0.4.0/24", "10.0.5.0/24", "10.0.6.0/24"]
    error_message = "the service's NetworkPolicy needs to know where the database is"
  }
  assert {
    condition     = output.published.cache.cidrs == ["10.0.8.0/24", "10.0.9.0/24", "10.0.10.0/24"]
    error_message = "the service's NetworkPolicy needs to know where the cache is"
  }
  assert {
    condition     = { for name in ["port", "replication_group_id", "user"] : name => output.published.cache[name] } == { port = 6379, replication_group_id = "shop", user = "shop-app" }
    error_message = "the service needs to know how to log in to the cache: ${jsonencode(output.published.cache)}"
  }
}

run "a_password_brings_someone_who_may_read_that_one_secret" {
  command = plan

  variables {
    database = { authentication = "password", password_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf" }
  }

  assert {
    condition     = length(module.external_secrets_role) == 1
    error_message = "External Secrets needs a role"
  }
  assert {
    condition     = output.published.database.password_secret_arn == "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf"
    error_message = "the platform must learn which secret"
  }
}

run "the_cache_may_be_left_out" {
  command = plan

  variables {
    cache = null
  }

  assert {
    condition     = length(module.cache) == 0 && output.published.cache == null && local.service_cache_arns == []
    error_message = "nothing must be left of it"
  }
}
