# Each condition of each input refuses what it is there for.

mock_provider "aws" {
  source          = "../../../modules/aws/mocks"
  override_during = plan
}

variables {
  name              = "shop"
  region            = "eu-central-1"
  github_repository = "example/shop"
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
