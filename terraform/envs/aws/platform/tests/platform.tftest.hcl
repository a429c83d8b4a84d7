# What the cluster has before the service comes.

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

run "charts_are_pinned_and_undone_when_they_fail" {
  command = plan

  assert {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", helm_release.load_balancer_controller.version)) && helm_release.load_balancer_controller.atomic && helm_release.wiring.atomic
    error_message = "a version must be exact, and a release that does not become ready undone"
  }
}

run "the_controller_registers_pods_and_makes_nothing" {
  command = plan

  assert {
    condition     = yamldecode(helm_release.load_balancer_controller.values[0]).clusterName == "shop" && !yamldecode(helm_release.load_balancer_controller.values[0]).createIngressClassResource && !yamldecode(helm_release.load_balancer_controller.values[0]).enableServiceMutatorWebhook
    error_message = "no Ingress and no Service may become a load balancer, which a destroy would leave behind"
  }
}

run "without_a_password_nothing_brings_one" {
  command = plan

  assert {
    condition     = length(helm_release.external_secrets) == 0 && yamldecode(helm_release.wiring.values[0]).databasePassword.secretArn == ""
    error_message = "External Secrets must not be there"
  }
  assert {
    condition     = output.published.database.secret == null
    error_message = "the app must not wait for a Secret"
  }
}

run "the_pods_that_the_policy_names_are_those_of_the_app" {
  command = plan

  assert {
    condition     = yamldecode(helm_release.wiring.values[0]).podLabels == output.published.pod_labels && yamldecode(helm_release.wiring.values[0]).securityGroupId == "sg-0cccccccccccccccc"
    error_message = "labels and policy must agree, or the pods have the group of their node"
  }
  # The first pod of that label is what people take, so nothing else may carry it.
  assert {
    condition     = keys(output.published.pod_labels) == ["shop/data"]
    error_message = "the policy must not go by app.kubernetes.io/name"
  }
}

run "pods_are_registered_before_they_count_as_ready_and_run_restricted" {
  command = plan

  assert {
    condition = kubernetes_namespace_v1.service.metadata[0].labels == tomap({
      "pod-security.kubernetes.io/enforce"      = "restricted"
      "elbv2.k8s.aws/pod-readiness-gate-inject" = "enabled"
    })
    error_message = "labels: ${jsonencode(kubernetes_namespace_v1.service.metadata[0].labels)}"
  }
}

run "the_app_is_told_what_there_is" {
  command = plan

  # The app root's tests begin with the same document.
  assert {
    condition     = jsonencode(output.published) == jsonencode(jsondecode(file("../app/tests/platform.json")))
    error_message = "published: ${jsonencode(output.published)}"
  }
  assert {
    condition     = nonsensitive(aws_ssm_parameter.published.value) == jsonencode(output.published)
    error_message = "what is read must be what is shown"
  }
}

run "a_password_is_brought_from_secrets_manager" {
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

  assert {
    condition     = length(helm_release.external_secrets) == 1 && yamldecode(helm_release.external_secrets[0].values[0]).serviceAccount.annotations == { "eks.amazonaws.com/role-arn" = "arn:aws:iam::123456789012:role/shop-external-secrets" }
    error_message = "External Secrets must be there, with its role"
  }
  assert {
    condition     = yamldecode(helm_release.wiring.values[0]).databasePassword == { secretArn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf", secret = "myapp-database", key = "password" } && output.published.database.secret == "myapp-database"
    error_message = "the Secret that it makes must be the one that the app is told of"
  }
  assert {
    condition     = yamldecode(helm_release.wiring.values[0]).securityGroupId == ""
    error_message = "without security groups for pods there must be no policy"
  }
}

run "a_cluster_that_is_not_there_yet_is_told_of" {
  command = plan

  override_data {
    target          = data.aws_eks_cluster.this
    override_during = plan
    values          = { status = "CREATING", name = "shop" }
  }

  expect_failures = [data.aws_eks_cluster.this]
}
