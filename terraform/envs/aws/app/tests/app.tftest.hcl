# The module of the local env, fed from what AWS publishes.

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
        "cache": {"host": "master.shop.c0ffee.euc1.cache.amazonaws.com", "reader_host": "replica.shop.c0ffee.euc1.cache.amazonaws.com", "port": 6379, "user": "shop-app", "replication_group_id": "shop", "cidrs": ["10.0.8.0/24", "10.0.9.0/24"]},
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

run "helm_gets_the_surroundings_and_the_settings" {
  command = plan

  # The chart's tests render the same file.
  assert {
    condition     = output.releases.myapp_1.release_values == jsondecode(file("tests/release-values.json"))
    error_message = "release_values: ${jsonencode(output.releases.myapp_1.release_values)}"
  }
}

run "a_fixed_number_of_pods_has_no_autoscaler" {
  command = plan

  variables {
    autoscaling = null
    replicas    = 5
  }

  assert {
    condition     = output.releases.myapp_1.release_values.replicaCount == 5 && !contains(keys(output.releases.myapp_1.release_values), "autoscaling")
    error_message = "release_values: ${jsonencode(output.releases.myapp_1.release_values)}"
  }
}

run "the_password_comes_from_a_secret_of_its_own" {
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
          "pod_security_group_id": null,
          "image_repository": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop",
          "database": {"host": "shop.c0ffee.eu-central-1.rds.amazonaws.com", "port": 5432, "name": "myapp", "user": "myapp", "authentication": "password", "password_secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf", "ca_bundle_url": "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem", "cidrs": ["10.0.4.0/24", "10.0.5.0/24"]},
          "cache": null,
          "edge": {"url": "https://shop.example.com", "target_group_arn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0123456789abcdef"},
          "service_account_annotations": {"service": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/shop-service"}, "load_balancer_controller": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/shop-load-balancer-controller"}, "external_secrets": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/shop-external-secrets"}}
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
          "database": {"secret": "myapp-database", "secret_key": "password", "ca_bundle": {"config_map": "rds-ca", "key": "ca.crt"}}
        }
      JSON
    }
  }

  assert {
    condition     = [output.releases.myapp_1.release_values.database.auth, output.releases.myapp_1.release_values.database.existingSecret, output.releases.myapp_1.release_values.database.existingSecretKey] == ["password", "myapp-database", "password"]
    error_message = "the chart must take the password by the Secret's name"
  }
  assert {
    condition     = output.releases.myapp_1.release_values.serviceAccount.annotations["eks.amazonaws.com/role-arn"] == "arn:aws:iam::123456789012:role/shop-service"
    error_message = "with irsa the service account must name its role"
  }
}

run "without_a_cache_nothing_of_one_is_rendered" {
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
          "cache": null,
          "edge": {"url": "https://shop.example.com", "target_group_arn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0123456789abcdef"},
          "service_account_annotations": {"service": {}, "load_balancer_controller": {}, "external_secrets": {}}
        }
      JSON
    }
  }

  assert {
    condition     = !contains(keys(output.releases.myapp_1.release_values), "cache") && keys(output.releases.myapp_1.release_values.networkPolicy) == ["databaseTo"]
    error_message = "release_values: ${jsonencode(output.releases.myapp_1.release_values)}"
  }
}

run "the_release_is_the_one_that_the_load_balancer_is_bound_to" {
  command = plan

  assert {
    condition     = [output.releases.myapp_1.name, output.releases.myapp_1.namespace] == ["myapp", "myapp"] && output.url == "https://shop.example.com"
    error_message = "the platform root has bound the load balancer to this name in this namespace"
  }
}

run "the_secret_key_is_ephemeral" {
  command = plan

  assert {
    condition     = ephemeralasnull(var.myapp_secret_key) == null
    error_message = "myapp_secret_key must be declared ephemeral = true: without it its value is stored in saved plans"
  }
}

run "no_output_holds_a_secret" {
  command = apply

  assert {
    condition     = !strcontains(jsonencode(output.releases), "marked-")
    error_message = "outputs are stored and shown"
  }
  assert {
    condition     = strcontains(jsonencode(output.releases), "myapp-secrets")
    error_message = "the search above must be able to find what is there"
  }
}

run "secrets_are_masked_in_production" {
  command = plan

  assert {
    condition     = !output.releases.myapp_1.release_values.exposeSecrets
    error_message = "unmasked secrets are for a laptop"
  }
}
