# Each condition of each input refuses what it is there for. That it does so in its own words is tested where the words can be
# read, in e2e/tests/terraform.

mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  name       = "shop"
  secret_key = "xyz"
}

run "a_base_url_with_a_line_break_is_refused" {
  command = plan

  variables {
    api_base_url = "/a\n"
  }

  expect_failures = [var.api_base_url]
}

run "a_base_url_that_is_neither_path_nor_url_is_refused" {
  command = plan

  variables {
    api_base_url = "no-slash"
  }

  expect_failures = [var.api_base_url]
}

run "a_base_url_that_is_too_long_is_refused" {
  command = plan

  variables {
    api_base_url = format("/%02048d", 0)
  }

  expect_failures = [var.api_base_url]
}

run "a_base_url_below_a_route_is_refused" {
  command = plan

  variables {
    api_base_url = "/config/x"
  }

  expect_failures = [var.api_base_url]
}

run "a_log_level_that_does_not_exist_is_refused" {
  command = plan

  variables {
    log_level = "verbose"
  }

  expect_failures = [var.log_level]
}

run "a_log_level_that_is_too_long_is_refused" {
  command = plan

  variables {
    log_level = "criticall"
  }

  expect_failures = [var.log_level]
}

run "a_log_level_with_a_line_break_is_refused" {
  command = plan

  variables {
    log_level = "info\n"
  }

  expect_failures = [var.log_level]
}

run "no_connections_at_all_are_refused" {
  command = plan

  variables {
    max_connections = 0
  }

  expect_failures = [var.max_connections]
}

run "more_connections_than_the_limit_are_refused" {
  command = plan

  variables {
    max_connections = 1001
  }

  expect_failures = [var.max_connections]
}

run "a_number_of_connections_with_an_exponent_is_refused" {
  command = plan

  variables {
    max_connections = "1e3"
  }

  expect_failures = [var.max_connections]
}

run "an_empty_secret_key_is_refused" {
  command = plan

  variables {
    secret_key = ""
  }

  expect_failures = [var.secret_key]
}

run "a_secret_key_that_is_too_long_is_refused" {
  command = plan

  variables {
    secret_key = format("x%04096d", 0)
  }

  expect_failures = [var.secret_key]
}

run "a_secret_key_with_a_line_break_is_refused" {
  command = plan

  variables {
    secret_key = "a\nb"
  }

  expect_failures = [var.secret_key]
}

run "an_empty_password_is_refused" {
  command = plan

  variables {
    db_password = ""
  }

  expect_failures = [var.db_password]
}

run "a_password_that_is_too_long_is_refused" {
  command = plan

  variables {
    db_password = format("x%04096d", 0)
  }

  expect_failures = [var.db_password]
}

run "a_password_with_a_control_character_is_refused" {
  command = plan

  variables {
    db_password = "a\tb"
  }

  expect_failures = [var.db_password]
}

run "an_empty_user_is_refused" {
  command = plan

  variables {
    db_user = ""
  }

  expect_failures = [var.db_user]
}

run "a_user_that_is_too_long_is_refused" {
  command = plan

  variables {
    db_user = format("x%063d", 0)
  }

  expect_failures = [var.db_user]
}

run "a_user_with_a_control_character_is_refused" {
  command = plan

  variables {
    db_user = "a\tb"
  }

  expect_failures = [var.db_user]
}

run "a_database_url_with_a_password_is_refused" {
  command = plan

  variables {
    database_url = "postgres://a:hush@localhost/b"
    db_password  = "p123"
  }

  expect_failures = [helm_release.myapp]
}

run "a_database_url_that_is_too_long_is_refused" {
  command = plan

  variables {
    database_url = format("sqlite:%02048d", 0)
  }

  expect_failures = [helm_release.myapp]
}

run "a_database_url_with_a_line_break_is_refused" {
  command = plan

  variables {
    database_url = "sqlite:a\n"
  }

  expect_failures = [helm_release.myapp]
}

run "a_server_without_a_password_is_refused" {
  command = plan

  variables {
    database_url = "postgres://a@localhost/b"
  }

  expect_failures = [var.db_password]
}

run "an_empty_cache_password_is_refused" {
  command = plan

  variables {
    cache_password = ""
  }

  expect_failures = [var.cache_password]
}

run "a_cache_password_that_is_too_long_is_refused" {
  command = plan

  variables {
    cache_password = format("x%04096d", 0)
  }

  expect_failures = [var.cache_password]
}

run "a_cache_password_with_a_control_character_is_refused" {
  command = plan

  variables {
    cache_password = "a\tb"
  }

  expect_failures = [var.cache_password]
}

run "an_empty_cache_user_is_refused" {
  command = plan

  variables {
    cache_user = ""
  }

  expect_failures = [var.cache_user]
}

run "a_cache_user_that_is_too_long_is_refused" {
  command = plan

  variables {
    cache_user = format("x%0128d", 0)
  }

  expect_failures = [var.cache_user]
}

run "a_cache_user_with_a_control_character_is_refused" {
  command = plan

  variables {
    cache_user = "a\tb"
  }

  expect_failures = [var.cache_user]
}

run "a_cache_url_with_a_password_is_refused" {
  command = plan

  variables {
    cache_url = "rediss://a:hush@cache.example.com"
  }

  expect_failures = [helm_release.myapp]
}

run "a_cache_url_in_clear_text_beyond_loopback_is_refused" {
  command = plan

  variables {
    cache_url = "redis://cache.example.com"
  }

  expect_failures = [helm_release.myapp]
}

run "a_cache_url_that_is_too_long_is_refused" {
  command = plan

  variables {
    cache_url = format("rediss://h%02048d", 0)
  }

  expect_failures = [helm_release.myapp]
}

run "a_cache_url_with_a_line_break_is_refused" {
  command = plan

  variables {
    cache_url = "rediss://h\n"
  }

  expect_failures = [helm_release.myapp]
}

run "a_revision_that_is_not_a_whole_number_is_refused" {
  command = plan

  variables {
    secret_revision = 1.5
  }

  expect_failures = [var.secret_revision]
}

run "a_revision_below_one_is_refused" {
  command = plan

  variables {
    secret_revision = 0
  }

  expect_failures = [var.secret_revision]
}

run "a_name_that_no_service_may_have_is_refused" {
  command = plan

  variables {
    name = "1shop"
  }

  expect_failures = [var.name]
}

run "a_name_longer_than_helm_allows_is_refused" {
  command = plan

  variables {
    name = format("x%053d", 0)
  }

  expect_failures = [var.name]
}

run "a_namespace_with_capitals_is_refused" {
  command = plan

  variables {
    namespace = "Shop"
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

run "the_default_namespace_made_again_is_refused" {
  command = plan

  variables {
    create_namespace = true
  }

  expect_failures = [var.create_namespace]
}

run "a_part_of_a_replica_is_refused" {
  command = plan

  variables {
    replicas = 1.5
  }

  expect_failures = [var.replicas]
}

run "fewer_than_no_replicas_are_refused" {
  command = plan

  variables {
    replicas = -1
  }

  expect_failures = [var.replicas]
}

run "more_replicas_than_the_chart_takes_are_refused" {
  command = plan

  variables {
    replicas = 1001
  }

  expect_failures = [var.replicas]
}

run "an_autoscaler_without_pods_is_refused" {
  command = plan

  variables {
    autoscaling = { min_replicas = 0, max_replicas = 4 }
  }

  expect_failures = [var.autoscaling]
}

run "an_autoscaler_with_a_part_of_a_pod_is_refused" {
  command = plan

  variables {
    autoscaling = { min_replicas = 2, max_replicas = 4.5 }
  }

  expect_failures = [var.autoscaling]
}

run "an_autoscaler_with_its_minimum_above_its_maximum_is_refused" {
  command = plan

  variables {
    autoscaling = { min_replicas = 5, max_replicas = 4 }
  }

  expect_failures = [var.autoscaling]
}

run "an_autoscaler_that_aims_at_nothing_is_refused" {
  command = plan

  variables {
    autoscaling = { min_replicas = 2, max_replicas = 4, cpu_percent = 0 }
  }

  expect_failures = [var.autoscaling]
}

run "metrics_that_are_no_list_of_metrics_are_refused" {
  command = plan

  variables {
    autoscaling = { min_replicas = 2, max_replicas = 4, metrics = ["cpu"] }
  }

  expect_failures = [var.autoscaling]
}

run "an_autoscaler_among_the_values_is_refused" {
  command = plan

  variables {
    values = { autoscaling = { enabled = true } }
  }

  expect_failures = [var.values]
}

run "an_image_with_spaces_is_refused" {
  command = plan

  variables {
    image = { repository = "my app" }
  }

  expect_failures = [var.image]
}

run "a_tag_that_is_none_is_refused" {
  command = plan

  variables {
    image = { tag = "-1" }
  }

  expect_failures = [var.image]
}

run "a_digest_that_is_cut_short_is_refused" {
  command = plan

  variables {
    image = { digest = "sha256:abc" }
  }

  expect_failures = [var.image]
}

run "a_pull_policy_that_does_not_exist_is_refused" {
  command = plan

  variables {
    image = { pull_policy = "Sometimes" }
  }

  expect_failures = [var.image]
}

run "a_chart_that_is_not_there_is_refused" {
  command = plan

  variables {
    chart = "../../charts/myapp"
  }

  expect_failures = [var.chart]
}

run "a_chart_from_a_registry_without_a_version_is_refused" {
  command = plan

  variables {
    chart = "oci://registry.example.com/charts/myapp"
  }

  expect_failures = [var.chart_version]
}

run "a_local_chart_with_a_version_is_refused" {
  command = plan

  variables {
    chart_version = "1.2.3"
  }

  expect_failures = [var.chart_version]
}

run "a_timeout_shorter_than_a_pod_takes_to_stop_is_refused" {
  command = plan

  variables {
    timeout_seconds = 10
  }

  expect_failures = [var.timeout_seconds]
}

run "values_that_are_no_map_are_refused" {
  command = plan

  variables {
    values = "replicaCount: 3"
  }

  expect_failures = [var.values]
}

run "values_that_an_input_sets_are_refused" {
  command = plan

  variables {
    values = { replicaCount = 3 }
  }

  expect_failures = [var.values]
}

run "a_setting_among_the_values_is_refused" {
  command = plan

  variables {
    values = { config = { SECRET_KEY = "xyz" } }
  }

  expect_failures = [var.values]
}

run "a_server_among_the_values_and_a_database_url_are_refused_together" {
  command = plan

  variables {
    database_url = "postgres://shop@db.example.com/shop?sslmode=verify-full"
    db_password  = "p123"
    values       = { database = { host = "db.example.com" } }
  }

  expect_failures = [var.values]
}

run "a_cache_among_the_values_and_a_cache_url_are_refused_together" {
  command = plan

  variables {
    cache_url = "rediss://cache.example.com"
    values    = { cache = { host = "cache.example.com" } }
  }

  expect_failures = [var.values]
}

run "a_server_among_the_values_needs_a_password" {
  command = plan

  variables {
    values = { database = { host = "db.example.com" } }
  }

  expect_failures = [var.values]
}

run "the_password_of_a_server_among_the_values_may_be_in_a_secret_of_its_own" {
  command = plan

  variables {
    values = { database = { host = "db.example.com", existingSecret = "shop-database" } }
  }

  assert {
    condition     = yamldecode(helm_release.myapp.values[0]).database.existingSecret == "shop-database"
    error_message = "what the chart is to do with its server must reach it"
  }
}
