# What Helm is given.

mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  name       = "shop"
  secret_key = "xyz"
}

run "what_is_not_given_is_left_to_the_chart" {
  command = plan

  assert {
    condition = output.release_values == {
      config         = { API_BASE_URL = "/", LOG_LEVEL = "error", MAX_CONNECTIONS = "50" }
      existingSecret = "shop-secrets"
      exposeSecrets  = false
      replicaCount   = 2
      secretRevision = "1"
    }
    error_message = "release_values: ${jsonencode(output.release_values)}"
  }
}

run "every_input_reaches_its_value" {
  command = plan

  variables {
    api_base_url    = "/api"
    log_level       = "debug"
    max_connections = 20
    database_url    = "postgres://shop@db.example.com/shop?sslmode=verify-full"
    db_password     = "p123"
    cache_url       = "rediss://shop@cache.example.com:6380/1"
    expose_secrets  = true
    replicas        = 3
    autoscaling = {
      min_replicas   = 3
      max_replicas   = 9
      memory_percent = 70
      metrics        = [{ type = "Pods", pods = { metric = { name = "requests_per_second" }, target = { type = "AverageValue", averageValue = "500" } } }]
      behavior       = { scaleDown = { stabilizationWindowSeconds = 60 } }
      annotations    = { "example.com/team" = "platform" }
    }
    secret_revision = 4
    image           = { repository = "registry.example.com/myapp", tag = "1.2.3", digest = format("sha256:%064d", 0), pull_policy = "Always" }
  }

  # The chart's tests render the same file.
  assert {
    condition     = output.release_values == jsondecode(file("tests/every-input-values.json"))
    error_message = "release_values: ${jsonencode(output.release_values)}"
  }
}

run "an_autoscaler_without_a_measure_has_the_charts_own" {
  command = plan

  variables {
    autoscaling = { min_replicas = 2, max_replicas = 4 }
  }

  assert {
    condition     = output.release_values.autoscaling == { enabled = true, minReplicas = 2, maxReplicas = 4, annotations = {} }
    error_message = "autoscaling: ${jsonencode(output.release_values.autoscaling)}"
  }
}

run "one_measure_switches_the_charts_own_off" {
  command = plan

  variables {
    autoscaling = { min_replicas = 2, max_replicas = 4, metrics = [{ type = "External", external = {} }] }
  }

  assert {
    condition     = output.release_values.autoscaling.targetCPUUtilizationPercentage == null
    error_message = "a default of the chart must not be a second measure"
  }
}

run "a_number_that_is_left_to_someone_else_is_told_to_the_chart" {
  command = plan

  variables {
    replicas = null
  }

  assert {
    condition     = contains(keys(output.release_values), "replicaCount") && output.release_values.replicaCount == null
    error_message = "only null switches the chart's default off"
  }
}

run "further_values_stand_beside_the_modules_own" {
  command = plan

  variables {
    values = { config = { delivery = "env" }, service = { port = 8080 } }
  }

  assert {
    condition     = output.release_values.config == { delivery = "env", API_BASE_URL = "/", LOG_LEVEL = "error", MAX_CONNECTIONS = "50" }
    error_message = "config.delivery must be added to the settings"
  }
  assert {
    condition     = output.release_values.service.port == 8080
    error_message = "values must be handed on"
  }
}

run "the_release_values_are_what_helm_gets" {
  command = plan

  assert {
    condition     = [for document in helm_release.myapp.values : yamldecode(document)] == [output.release_values]
    error_message = "there must be one values document, and the output must show it"
  }
  assert {
    condition     = helm_release.myapp.set == null && helm_release.myapp.set_sensitive == null
    error_message = "no value may take another way"
  }
}

run "a_failed_rollout_is_undone_and_has_the_time_for_it" {
  command = plan

  variables {
    timeout_seconds = 100
  }

  assert {
    condition     = helm_release.myapp.atomic && helm_release.myapp.wait && helm_release.myapp.cleanup_on_fail
    error_message = "a rollout that does not become ready must be rolled back"
  }
  assert {
    condition     = helm_release.myapp.timeout == 100 && helm_release.myapp.timeouts.update == "260s"
    error_message = "the provider must wait for the rollout and for its rollback"
  }
  assert {
    condition     = helm_release.myapp.max_history == 5
    error_message = "the history must be bounded"
  }
}

run "the_release_carries_a_digest_of_a_local_chart" {
  command = plan

  assert {
    condition     = helm_release.myapp.chart == "../../../charts/myapp"
    error_message = "the chart of this repository is the default"
  }
  assert {
    condition     = can(regex("^chart files sha256:[0-9a-f]{64}$", helm_release.myapp.description))
    error_message = "an edited chart must be a change"
  }
}

run "every_file_of_the_chart_is_in_the_digest" {
  command = plan

  variables {
    chart = "./tests/other-chart"
  }

  assert {
    condition = helm_release.myapp.description == "chart files sha256:${sha256(join("", [
      "${filesha256("./tests/other-chart/Chart.yaml")}  Chart.yaml\n",
      "${filesha256("./tests/other-chart/templates/empty.yaml")}  templates/empty.yaml\n",
    ]))}"
    error_message = "the digest must follow each file's name and content"
  }
}

run "a_chart_from_a_registry_is_fixed_by_its_version" {
  command = plan

  variables {
    chart         = "oci://registry.example.com/charts/myapp"
    chart_version = "1.2.3"
  }

  assert {
    condition     = helm_release.myapp.version == "1.2.3"
    error_message = "the version must be handed on"
  }
  assert {
    condition     = helm_release.myapp.description == "chart oci://registry.example.com/charts/myapp 1.2.3"
    error_message = "there are no files to take a digest of"
  }
}

run "a_chart_by_digest_is_handed_on_as_it_is_and_another_digest_is_a_change" {
  command = plan

  variables {
    chart         = "oci://registry.example.com/charts/myapp@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    chart_version = "1.2.3"
  }

  assert {
    condition     = helm_release.myapp.chart == var.chart && helm_release.myapp.version == "1.2.3"
    error_message = "Helm compares the two, so it has to be given both"
  }
  assert {
    condition     = helm_release.myapp.description == "chart ${var.chart} 1.2.3"
    error_message = "the digest must be part of what a plan compares"
  }
}

run "a_namespace_is_made_only_where_asked_for" {
  command = plan

  assert {
    condition     = length(kubernetes_namespace_v1.myapp) == 0 && output.namespace == "default"
    error_message = "by default the release goes to a namespace that is there"
  }
}

run "the_release_goes_to_the_namespace_it_made" {
  command = plan

  variables {
    namespace        = "shop"
    create_namespace = true
  }

  assert {
    condition     = kubernetes_namespace_v1.myapp[0].metadata[0].name == "shop" && output.namespace == "shop"
    error_message = "release and namespace must have the same name"
  }
}
