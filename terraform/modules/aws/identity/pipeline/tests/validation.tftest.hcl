# Each condition of each input refuses what it is there for.

mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name              = "shop"
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  github_repository = "example/shop"
  state_bucket_arn  = "arn:aws:s3:::state-of-shop"
  state_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  image_repository  = "shop"
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

run "a_provider_of_someone_else_is_refused" {
  command = plan

  variables {
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/accounts.example.com"
  }

  expect_failures = [var.oidc_provider_arn]
}

run "every_repository_of_an_owner_is_refused" {
  command = plan

  variables {
    github_repository = "example/*"
  }

  expect_failures = [var.github_repository]
}

run "a_repository_without_its_owner_is_refused" {
  command = plan

  variables {
    github_repository = "shop"
  }

  expect_failures = [var.github_repository]
}

run "a_pattern_of_branches_is_refused" {
  command = plan

  variables {
    branch = "*"
  }

  expect_failures = [var.branch]
}

run "a_pattern_of_environments_is_refused" {
  command = plan

  variables {
    apply_environment = "*"
  }

  expect_failures = [var.apply_environment]
}

run "a_pattern_of_deploy_environments_is_refused" {
  command = plan

  variables {
    deploy_environment = "prod*"
  }

  expect_failures = [var.deploy_environment]
}

run "one_approval_for_infrastructure_and_service_is_refused" {
  command = plan

  variables {
    apply_environment = "production"
  }

  expect_failures = [var.deploy_environment]
}
