# What is made: TLS, tokens in place of passwords, replicas in other zones, and one way in.

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

run "data_is_encrypted_on_the_way_and_on_disk" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && aws_elasticache_replication_group.this.transit_encryption_mode == "required"
    error_message = "a client without TLS must be refused"
  }
  assert {
    condition     = aws_elasticache_replication_group.this.at_rest_encryption_enabled == "true" && aws_elasticache_replication_group.this.kms_key_id == aws_kms_key.this.arn
    error_message = "data must be encrypted with the module's key"
  }
}

run "a_replica_in_another_zone_takes_over" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.num_cache_clusters == 3 && aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "two replicas, over zones, with automatic failover"
  }
}

run "a_single_node_is_for_what_is_not_production" {
  command = plan

  variables {
    production = false
    replicas   = 0
  }

  assert {
    condition     = aws_elasticache_replication_group.this.num_cache_clusters == 1 && !aws_elasticache_replication_group.this.automatic_failover_enabled && !aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "there is none to take over"
  }
  assert {
    condition     = aws_elasticache_replication_group.this.final_snapshot_identifier == null
    error_message = "a destroy must leave nothing that costs"
  }
}

run "only_the_services_user_comes_in_and_with_a_token" {
  command = plan

  assert {
    condition     = aws_elasticache_user_group.this.user_ids == toset(["shop-app"]) && aws_elasticache_replication_group.this.user_group_ids == toset(["shop-users"])
    error_message = "one user, and no default one"
  }
  assert {
    condition     = one(aws_elasticache_user.app.authentication_mode).type == "iam" && aws_elasticache_user.app.user_id == aws_elasticache_user.app.user_name
    error_message = "IAM authentication needs equal id and name"
  }
  assert {
    condition     = aws_elasticache_replication_group.this.auth_token == null && aws_elasticache_user.app.passwords == null
    error_message = "there must be no password to keep"
  }
  assert {
    condition     = output.connect_arns == ["arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:shop", "arn:aws:elasticache:eu-central-1:123456789012:user:shop-app"]
    error_message = "elasticache:Connect needs this cache and this user"
  }
}

run "the_user_may_do_what_the_service_does_on_its_own_keys_only" {
  command = plan

  # The service's tests run it as a user with the rights in this file.
  assert {
    condition     = aws_elasticache_user.app.access_string == trimspace(file("tests/access-string.txt"))
    error_message = "access_string: ${aws_elasticache_user.app.access_string}"
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
      ports = ["tcp", 6379, 6379]
    })
    error_message = "one rule: TCP 6379 from the pods' security group, and from no address"
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
      ports = ["tcp", 6379, 6379]
    })
    error_message = "the pods' group must let out TCP 6379 to this group, and to no address"
  }
  assert {
    condition     = aws_elasticache_replication_group.this.security_group_ids == toset([aws_security_group.this.id])
    error_message = "the cache must have this security group only"
  }
}

run "a_new_major_version_has_parameters_of_its_own" {
  command = plan

  variables {
    engine_version = "7.2"
  }

  assert {
    condition     = aws_elasticache_parameter_group.this.family == "valkey7" && aws_elasticache_parameter_group.this.name == "shop-valkey7"
    error_message = "the family must follow the version, and the name the family"
  }
}

run "logs_are_encrypted_and_end" {
  command = plan

  assert {
    condition     = { for name, group in aws_cloudwatch_log_group.this : group.name => group.retention_in_days } == { "/aws/elasticache/shop/engine-log" = 365, "/aws/elasticache/shop/slow-log" = 365 }
    error_message = "each log must have a group with an end"
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == aws_kms_key.this.arn])
    error_message = "the logs must be encrypted with the module's key"
  }
}
