# Each condition of each input refuses what it is there for.

mock_provider "aws" {
  source          = "../../../modules/aws/mocks"
  override_during = plan
}

mock_provider "helm" {}
mock_provider "kubernetes" {}

override_data {
  target          = data.aws_ssm_parameter.infra
  override_during = plan
  values = {
    insecure_value = <<-JSON
      {
        "region": "eu-central-1",
        "cluster_name": "shop",
        "vpc_id": "vpc-0bbbbbbbbbbbbbbbb",
        "namespace": "myapp",
        "service_account": "myapp",
        "pod_security_group_id": "sg-0cccccccccccccccc",
        "image_repository": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop",
        "database": {"host": "shop.c0ffee.eu-central-1.rds.amazonaws.com", "port": 5432, "name": "myapp", "user": "myapp", "authentication": "iam", "password_secret_arn": null, "ca_bundle_url": "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem", "cidrs": ["10.0.4.0/24", "10.0.5.0/24"]},
        "cache": null,
        "edge": {"url": "https://shop.example.com", "target_group_arn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0123456789abcdef"},
        "service_account_annotations": {"service": {}, "load_balancer_controller": {}, "external_secrets": {}}
      }
    JSON
  }
}

variables {
  name             = "shop"
  region           = "eu-central-1"
  database_ca_file = "tests/ca.pem"
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

run "a_release_that_names_its_service_otherwise_is_refused" {
  command = plan

  variables {
    release = "shop"
  }

  expect_failures = [var.release]
}

run "a_release_that_no_service_may_be_called_is_refused" {
  command = plan

  variables {
    release = "1myapp"
  }

  expect_failures = [var.release]
}

run "authorities_that_are_not_there_are_refused" {
  command = plan

  variables {
    database_ca_file = "tests/missing.pem"
  }

  expect_failures = [var.database_ca_file]
}

run "a_file_without_a_certificate_is_refused" {
  command = plan

  variables {
    database_ca_file = "versions.tf"
  }

  expect_failures = [var.database_ca_file]
}

run "a_private_key_among_the_authorities_is_refused" {
  command = plan

  variables {
    database_ca_file = "tests/key.pem"
  }

  expect_failures = [var.database_ca_file]
}
