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

override_data {
  target          = data.aws_ssm_parameter.platform
  override_during = plan
  values = {
    insecure_value = <<-JSON
      {
        "namespace": "myapp",
        "release": "myapp",
        "pod_labels": {"shop/data": "reachable"},
        "database": {"secret": null, "secret_key": "password", "ca_bundle": {"config_map": "rds-ca", "key": "ca.crt"}}
      }
    JSON
  }
}

override_data {
  target          = data.kubernetes_namespace_v1.service
  override_during = plan
  values          = { metadata = { name = "myapp", uid = "00000000-0000-0000-0000-000000000000" } }
}

variables {
  name             = "shop"
  region           = "eu-central-1"
  image_digest     = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  myapp_secret_key = "marked-secret-key"
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

run "a_tag_in_place_of_a_digest_is_refused" {
  command = plan

  variables {
    image_digest = "1.2.3"
  }

  expect_failures = [var.image_digest]
}

run "an_empty_secret_key_is_refused" {
  command = plan

  variables {
    myapp_secret_key = ""
  }

  expect_failures = [var.myapp_secret_key]
}

run "a_namespace_that_the_platform_has_not_made_is_told_of" {
  command = plan

  override_data {
    target          = data.kubernetes_namespace_v1.service
    override_during = plan
    values          = { metadata = { name = "myapp", uid = "" } }
  }

  expect_failures = [data.kubernetes_namespace_v1.service]
}

run "a_cluster_that_is_being_deleted_is_told_of" {
  command = plan

  override_data {
    target          = data.aws_eks_cluster.this
    override_during = plan
    values          = { status = "DELETING", name = "shop" }
  }

  expect_failures = [data.aws_eks_cluster.this]
}

run "a_cache_that_an_older_infra_root_has_published_is_told_of" {
  command = plan

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
          "cache": {"host": "master.shop.c0ffee.euc1.cache.amazonaws.com", "reader_host": "replica.shop.c0ffee.euc1.cache.amazonaws.com", "port": 6379, "user": "shop-app", "replication_group_id": "shop"},
          "edge": {"url": "https://shop.example.com", "target_group_arn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0123456789abcdef"},
          "service_account_annotations": {"service": {}, "load_balancer_controller": {}, "external_secrets": {}}
        }
      JSON
    }
  }

  expect_failures = [data.aws_ssm_parameter.infra]
}
