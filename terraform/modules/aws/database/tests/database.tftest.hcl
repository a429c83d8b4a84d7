# What is made: no password, TLS only, a standby, backups, and one way in.

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

run "terraform_has_no_password" {
  command = plan

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "RDS must make the administrator's password; one given as an argument is in state and plan"
  }
  # The mocked provider keeps a write-only argument as null, so its counter has to tell whether it is used.
  assert {
    condition     = aws_db_instance.this.password_wo_version == null
    error_message = "a write-only password is one that someone has to keep outside"
  }
  assert {
    condition     = aws_db_instance.this.master_user_secret_kms_key_id == aws_kms_key.this.arn
    error_message = "who may read the administrator's password must be a matter of this key"
  }
}

run "a_client_without_tls_is_refused" {
  command = plan

  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "rds.force_ssl must be 1"
  }
  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "ssl_min_protocol_version=TLSv1.2")
    error_message = "TLS must be 1.2 at least"
  }
}

run "no_logged_statement_shows_its_parameters" {
  command = plan

  assert {
    condition = setintersection(
      [for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"],
      ["log_parameter_max_length=0", "log_parameter_max_length_on_error=0"],
    ) == toset(["log_parameter_max_length=0", "log_parameter_max_length_on_error=0"])
    error_message = "what is bound to a statement may be a secret"
  }
}

run "it_survives_a_zone_and_a_mistake" {
  command = plan

  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.backup_retention_period == 14 && aws_db_instance.this.deletion_protection
    error_message = "standby, backups and deletion protection are the defaults"
  }
  assert {
    condition     = !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == "shop-final" && !aws_db_instance.this.delete_automated_backups
    error_message = "production must leave a snapshot and its backups"
  }
  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == aws_kms_key.this.arn && aws_kms_key.this.enable_key_rotation
    error_message = "storage must be encrypted with the module's own key, which rotates"
  }
}

run "what_is_not_production_leaves_nothing" {
  command = plan

  variables {
    production            = false
    multi_az              = false
    deletion_protection   = false
    backup_retention_days = 1
  }

  assert {
    condition     = aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == null && aws_db_instance.this.delete_automated_backups
    error_message = "a destroy must leave nothing that costs"
  }
}

run "only_the_pods_of_the_service_may_connect" {
  command = plan

  assert {
    condition = jsonencode({
      group = aws_vpc_security_group_ingress_rule.clients.security_group_id
      from  = aws_vpc_security_group_ingress_rule.clients.referenced_security_group_id
      cidrs = [aws_vpc_security_group_ingress_rule.clients.cidr_ipv4, aws_vpc_security_group_ingress_rule.clients.cidr_ipv6, aws_vpc_security_group_ingress_rule.clients.prefix_list_id]
      ports = [aws_vpc_security_group_ingress_rule.clients.ip_protocol, aws_vpc_security_group_ingress_rule.clients.from_port, aws_vpc_security_group_ingress_rule.clients.to_port]
      }) == jsonencode({
      group = aws_security_group.this.id
      from  = "sg-0cccccccccccccccc"
      cidrs = [null, null, null]
      ports = ["tcp", 5432, 5432]
    })
    error_message = "one rule: TCP 5432 from the pods' security group, and from no address"
  }
  assert {
    condition = jsonencode({
      group = aws_vpc_security_group_egress_rule.clients.security_group_id
      to    = aws_vpc_security_group_egress_rule.clients.referenced_security_group_id
      cidrs = [aws_vpc_security_group_egress_rule.clients.cidr_ipv4, aws_vpc_security_group_egress_rule.clients.cidr_ipv6, aws_vpc_security_group_egress_rule.clients.prefix_list_id]
      ports = [aws_vpc_security_group_egress_rule.clients.ip_protocol, aws_vpc_security_group_egress_rule.clients.from_port, aws_vpc_security_group_egress_rule.clients.to_port]
      }) == jsonencode({
      group = "sg-0cccccccccccccccc"
      to    = aws_security_group.this.id
      cidrs = [null, null, null]
      ports = ["tcp", 5432, 5432]
    })
    error_message = "the pods' group must let out TCP 5432 to this group, and to no address"
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.vpc_security_group_ids == toset([aws_security_group.this.id])
    error_message = "the instance must have no public address, and this security group only"
  }
}

run "a_token_of_the_services_role_lets_in_one_user_of_one_instance" {
  command = plan

  assert {
    condition     = aws_db_instance.this.iam_database_authentication_enabled
    error_message = "IAM authentication must be on"
  }
  assert {
    condition     = output.user_arn == "arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-ABCDEFGHIJKLMNOPQRSTUVWXYZ/myapp"
    error_message = "user_arn: ${output.user_arn}"
  }
  assert {
    condition     = output.password_secret_arn == null
    error_message = "there is no password"
  }
}

run "a_password_is_kept_by_someone_else" {
  command = plan

  variables {
    authentication      = "password"
    password_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf"
  }

  assert {
    condition     = !aws_db_instance.this.iam_database_authentication_enabled && output.user_arn == null
    error_message = "where a password is used no token lets anyone in"
  }
  assert {
    condition     = output.password_secret_arn == "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf"
    error_message = "whoever brings the password to the cluster needs the secret's ARN"
  }
}

run "the_server_is_told_by_its_name_and_its_regions_authorities" {
  command = plan

  assert {
    condition     = output.host == "shop.c0ffee.eu-central-1.rds.amazonaws.com" && output.port == 5432
    error_message = "the name in the certificate must be handed on, without a port"
  }
  assert {
    condition     = output.ca_bundle_url == "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem"
    error_message = "ca_bundle_url: ${output.ca_bundle_url}"
  }
  assert {
    condition     = aws_db_instance.this.ca_cert_identifier == "rds-ca-rsa2048-g1"
    error_message = "the authority must be a chosen one, since the default of an account may be another"
  }
}

run "logs_are_encrypted_and_end" {
  command = plan

  assert {
    condition     = { for name, group in aws_cloudwatch_log_group.this : group.name => group.retention_in_days } == { "/aws/rds/instance/shop/postgresql" = 365, "/aws/rds/instance/shop/upgrade" = 365 }
    error_message = "each exported log must have a group with an end"
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == aws_kms_key.this.arn])
    error_message = "the logs must be encrypted with the module's key"
  }
  assert {
    condition     = aws_db_instance.this.enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade"])
    error_message = "exports and groups must be the same"
  }
}

run "monitoring_may_be_switched_off" {
  command = plan

  variables {
    monitoring_seconds        = 0
    performance_insights_days = null
  }

  assert {
    condition     = length(aws_iam_role.monitoring) == 0 && aws_db_instance.this.monitoring_interval == 0
    error_message = "no role may be left that nobody uses"
  }
  assert {
    condition     = !aws_db_instance.this.performance_insights_enabled
    error_message = "null must switch Performance Insights off"
  }
}

run "only_rds_for_this_instance_takes_the_monitoring_role" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.monitoring[0].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:rds:eu-central-1:123456789012:db:shop" }
      }
    }]
    error_message = "trust: ${aws_iam_role.monitoring[0].assume_role_policy}"
  }
}
