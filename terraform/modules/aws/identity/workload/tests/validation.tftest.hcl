# Each condition of each input refuses what it is there for.

mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name            = "shop"
  identity_mode   = "pod_identity"
  cluster_name    = "shop"
  cluster_arn     = "arn:aws:eks:eu-central-1:123456789012:cluster/shop"
  namespace       = "shop"
  service_account = "shop"
}

run "a_name_that_iam_does_not_take_is_refused" {
  command = plan

  variables {
    name = "my role"
  }

  expect_failures = [var.name]
}

run "a_mode_that_does_not_exist_is_refused" {
  command = plan

  variables {
    identity_mode = "node"
  }

  expect_failures = [var.identity_mode]
}

run "irsa_without_the_clusters_provider_is_refused" {
  command = plan

  variables {
    identity_mode = "irsa"
  }

  expect_failures = [var.oidc_provider_arn]
}

run "a_pattern_of_namespaces_is_refused" {
  command = plan

  variables {
    namespace = "*"
  }

  expect_failures = [var.namespace]
}

run "a_namespace_that_is_too_long_is_refused" {
  command = plan

  variables {
    namespace = format("x%063d", 0)
  }

  expect_failures = [var.namespace]
}

run "a_pattern_of_service_accounts_is_refused" {
  command = plan

  variables {
    service_account = "shop-*"
  }

  expect_failures = [var.service_account]
}

run "a_service_account_that_is_too_long_is_refused" {
  command = plan

  variables {
    service_account = format("x%0253d", 0)
  }

  expect_failures = [var.service_account]
}

run "every_user_of_a_database_is_refused" {
  command = plan

  variables {
    database_user_arns = ["arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-ABC/*"]
  }

  expect_failures = [var.database_user_arns]
}

run "every_database_is_refused" {
  command = plan

  variables {
    database_user_arns = ["arn:aws:rds-db:eu-central-1:123456789012:dbuser:*/shop"]
  }

  expect_failures = [var.database_user_arns]
}

run "every_user_of_a_cache_is_refused" {
  command = plan

  variables {
    cache_arns = ["arn:aws:elasticache:eu-central-1:123456789012:user:*"]
  }

  expect_failures = [var.cache_arns]
}

run "every_secret_is_refused" {
  command = plan

  variables {
    secret_arns = ["*"]
  }

  expect_failures = [var.secret_arns]
}

run "a_pattern_of_secrets_is_refused" {
  command = plan

  variables {
    secret_arns = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/*"]
  }

  expect_failures = [var.secret_arns]
}

run "every_key_is_refused" {
  command = plan

  variables {
    secret_arns         = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"]
    secret_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/*"]
  }

  expect_failures = [var.secret_kms_key_arns]
}

run "a_key_without_a_secret_is_refused" {
  command = plan

  variables {
    secret_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/1111"]
  }

  expect_failures = [var.secret_kms_key_arns]
}

run "every_target_group_is_refused" {
  command = plan

  variables {
    target_group_arns = ["arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/*"]
  }

  expect_failures = [var.target_group_arns]
}
