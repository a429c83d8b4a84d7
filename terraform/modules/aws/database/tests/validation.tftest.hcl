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
}

run "a_name_that_rds_does_not_take_is_refused" {
  command = plan

  variables {
    name = "Shop--1"
  }

  expect_failures = [var.name]
}

run "a_name_too_long_for_what_is_appended_is_refused" {
  command = plan

  variables {
    name = format("x%040d", 0)
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

run "the_same_subnet_twice_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-a"]
  }

  expect_failures = [var.subnet_ids]
}

run "an_authentication_that_does_not_exist_is_refused" {
  command = plan

  variables {
    authentication = "kerberos"
  }

  expect_failures = [var.authentication]
}

run "a_password_without_a_secret_is_refused" {
  command = plan

  variables {
    authentication = "password"
  }

  expect_failures = [var.password_secret_arn]
}

run "a_secret_that_nobody_would_use_is_refused" {
  command = plan

  variables {
    password_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"
  }

  expect_failures = [var.password_secret_arn]
}

run "a_password_in_place_of_a_secrets_arn_is_refused" {
  command = plan

  variables {
    authentication      = "password"
    password_secret_arn = "hush"
  }

  expect_failures = [var.password_secret_arn]
}

run "a_wildcard_in_place_of_one_secret_is_refused" {
  command = plan

  variables {
    authentication      = "password"
    password_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:*"
  }

  expect_failures = [var.password_secret_arn]
}

run "a_database_name_with_a_hyphen_is_refused" {
  command = plan

  variables {
    database_name = "my-shop"
  }

  expect_failures = [var.database_name]
}

run "a_user_with_a_hyphen_is_refused" {
  command = plan

  variables {
    user = "my-shop"
  }

  expect_failures = [var.user]
}

run "a_user_that_belongs_to_the_server_is_refused" {
  command = plan

  variables {
    user = "rds_shop"
  }

  expect_failures = [var.user]
}

run "the_administrator_as_the_services_user_is_refused" {
  command = plan

  variables {
    user = "administrator"
  }

  expect_failures = [var.user]
}

run "an_administrator_that_rds_reserves_is_refused" {
  command = plan

  variables {
    master_username = "rdsadmin"
  }

  expect_failures = [var.master_username]
}

run "an_administrator_with_capitals_is_refused" {
  command = plan

  variables {
    master_username = "Root"
  }

  expect_failures = [var.master_username]
}

run "a_major_version_without_tls_by_default_is_refused" {
  command = plan

  variables {
    engine_major_version = 14
  }

  expect_failures = [var.engine_major_version]
}

run "an_instance_class_of_another_service_is_refused" {
  command = plan

  variables {
    instance_class = "t3.medium"
  }

  expect_failures = [var.instance_class]
}

run "less_storage_than_gp3_begins_with_is_refused" {
  command = plan

  variables {
    storage_gib = 10
  }

  expect_failures = [var.storage_gib]
}

run "a_part_of_a_gibibyte_is_refused" {
  command = plan

  variables {
    storage_gib = 20.5
  }

  expect_failures = [var.storage_gib]
}

run "storage_that_could_not_grow_is_refused" {
  command = plan

  variables {
    storage_gib     = 100
    storage_max_gib = 105
  }

  expect_failures = [var.storage_max_gib]
}

run "an_authority_that_rds_retired_is_refused" {
  command = plan

  variables {
    ca_certificate = "rds-ca-2019"
  }

  expect_failures = [var.ca_certificate]
}

run "production_without_a_standby_is_refused" {
  command = plan

  variables {
    multi_az = false
  }

  expect_failures = [var.multi_az]
}

run "production_with_less_than_a_week_of_backups_is_refused" {
  command = plan

  variables {
    backup_retention_days = 6
  }

  expect_failures = [var.backup_retention_days]
}

run "no_backups_at_all_are_refused_anywhere" {
  command = plan

  variables {
    production            = false
    backup_retention_days = 0
  }

  expect_failures = [var.backup_retention_days]
}

run "more_days_of_backups_than_rds_keeps_are_refused" {
  command = plan

  variables {
    backup_retention_days = 36
  }

  expect_failures = [var.backup_retention_days]
}

run "production_without_deletion_protection_is_refused" {
  command = plan

  variables {
    deletion_protection = false
  }

  expect_failures = [var.deletion_protection]
}

run "a_backup_window_that_is_none_is_refused" {
  command = plan

  variables {
    backup_window = "2am"
  }

  expect_failures = [var.backup_window]
}

run "a_maintenance_window_without_days_is_refused" {
  command = plan

  variables {
    maintenance_window = "03:30-04:30"
  }

  expect_failures = [var.maintenance_window]
}

run "days_that_performance_insights_does_not_keep_are_refused" {
  command = plan

  variables {
    performance_insights_days = 30
  }

  expect_failures = [var.performance_insights_days]
}

run "an_interval_that_monitoring_does_not_have_is_refused" {
  command = plan

  variables {
    monitoring_seconds = 20
  }

  expect_failures = [var.monitoring_seconds]
}

run "a_log_retention_that_cloudwatch_does_not_have_is_refused" {
  command = plan

  variables {
    log_retention_days = 10
  }

  expect_failures = [var.log_retention_days]
}

run "a_slow_statement_of_a_negative_time_is_refused" {
  command = plan

  variables {
    slow_statement_milliseconds = -2
  }

  expect_failures = [var.slow_statement_milliseconds]
}
