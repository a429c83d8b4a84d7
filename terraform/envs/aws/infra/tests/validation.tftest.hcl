# Each condition of each input refuses what it is there for. Without a firewall: Terraform takes seconds for a plan of one, and
# infra.tftest.hcl plans it.

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
  edge    = { domain_name = "shop.example.com", zone_id = "Z0123456789ABCDEFGHIJ", waf = "none" }
}

run "a_name_with_capitals_is_refused" {
  command = plan

  variables {
    name = "Shop"
  }

  expect_failures = [var.name]
}

run "a_name_too_long_for_what_is_appended_is_refused" {
  command = plan

  variables {
    name = format("x%024d", 0)
  }

  expect_failures = [var.name]
}

run "a_zone_in_place_of_a_region_is_refused" {
  command = plan

  variables {
    region = "eu-central-1a"
  }

  expect_failures = [var.region]
}

run "a_namespace_of_everyone_is_refused" {
  command = plan

  variables {
    namespace = "default"
  }

  expect_failures = [var.namespace]
}

run "a_namespace_with_capitals_is_refused" {
  command = plan

  variables {
    namespace = "Shop"
  }

  expect_failures = [var.namespace]
}

run "every_pod_at_the_data_is_refused_in_production" {
  command = plan

  variables {
    cluster = { kubernetes_version = "1.34", pod_security_groups = "off" }
  }

  expect_failures = [var.cluster]
}

run "tokens_of_a_role_that_the_service_cannot_get_are_refused" {
  command = plan

  variables {
    cluster = { kubernetes_version = "1.34", identity = "irsa" }
    cache   = null
  }

  expect_failures = [var.database]
}

run "a_cache_that_lets_in_a_role_that_the_service_cannot_get_is_refused" {
  command = plan

  variables {
    cluster  = { kubernetes_version = "1.34", identity = "irsa" }
    database = { authentication = "password", password_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf" }
  }

  expect_failures = [var.cache]
}

run "irsa_without_a_cache_is_accepted" {
  command = plan

  variables {
    cluster  = { kubernetes_version = "1.34", identity = "irsa" }
    database = { authentication = "password", password_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf" }
    cache    = null
  }

  assert {
    condition     = module.cluster.identity == "irsa"
    error_message = "only the cache and tokens for the database need Pod Identity"
  }
}

run "a_password_without_a_secret_is_refused" {
  command = plan

  variables {
    database = { authentication = "password" }
  }

  expect_failures = [var.database]
}
