# Each condition of each input refuses what it is there for.

mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name                     = "shop"
  vpc_id                   = "vpc-0bbbbbbbbbbbbbbbb"
  subnet_ids               = ["subnet-a", "subnet-b", "subnet-c"]
  client_security_group_id = "sg-0cccccccccccccccc"
  key_prefix               = "shop/"
}

run "a_name_that_elasticache_does_not_take_is_refused" {
  command = plan

  variables {
    name = "1shop"
  }

  expect_failures = [var.name]
}

run "a_name_too_long_for_what_is_appended_is_refused" {
  command = plan

  variables {
    name = format("x%032d", 0)
  }

  expect_failures = [var.name]
}

run "a_single_subnet_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-a"]
  }

  expect_failures = [var.subnet_ids]
}

run "the_default_user_is_refused" {
  command = plan

  variables {
    user = "default"
  }

  expect_failures = [var.user]
}

run "a_user_with_capitals_is_refused" {
  command = plan

  variables {
    user = "Shop"
  }

  expect_failures = [var.user]
}

run "a_prefix_that_is_a_pattern_is_refused" {
  command = plan

  variables {
    key_prefix = "*"
  }

  expect_failures = [var.key_prefix]
}

run "a_prefix_that_adds_a_right_is_refused" {
  command = plan

  variables {
    key_prefix = "shop/ +@all "
  }

  expect_failures = [var.key_prefix]
}

run "a_prefix_that_is_too_long_is_refused" {
  command = plan

  variables {
    key_prefix = format("x%0128d", 0)
  }

  expect_failures = [var.key_prefix]
}

run "a_version_without_iam_is_refused" {
  command = plan

  variables {
    engine_version = "7.0"
  }

  expect_failures = [var.engine_version]
}

run "a_node_type_of_another_service_is_refused" {
  command = plan

  variables {
    node_type = "db.t4g.small"
  }

  expect_failures = [var.node_type]
}

run "production_without_a_replica_is_refused" {
  command = plan

  variables {
    replicas = 0
  }

  expect_failures = [var.replicas]
}

run "more_replicas_than_a_shard_may_have_are_refused" {
  command = plan

  variables {
    replicas = 6
  }

  expect_failures = [var.replicas]
}

run "a_part_of_a_replica_is_refused" {
  command = plan

  variables {
    replicas = 1.5
  }

  expect_failures = [var.replicas]
}

run "more_days_of_snapshots_than_are_kept_are_refused" {
  command = plan

  variables {
    snapshot_retention_days = 36
  }

  expect_failures = [var.snapshot_retention_days]
}

run "a_snapshot_window_that_is_none_is_refused" {
  command = plan

  variables {
    snapshot_window = "2am"
  }

  expect_failures = [var.snapshot_window]
}

run "a_maintenance_window_without_days_is_refused" {
  command = plan

  variables {
    maintenance_window = "03:30-04:30"
  }

  expect_failures = [var.maintenance_window]
}

run "an_eviction_that_does_not_exist_is_refused" {
  command = plan

  variables {
    eviction = "oldest"
  }

  expect_failures = [var.eviction]
}

run "a_log_retention_that_cloudwatch_does_not_have_is_refused" {
  command = plan

  variables {
    log_retention_days = 10
  }

  expect_failures = [var.log_retention_days]
}
