# What the network is.

mock_provider "aws" {
  source = "../mocks/base"
}

variables {
  name = "shop"
  tags = { team = "shop" }
  cidr = "10.0.0.0/16"
  zones = {
    eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
    eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
    eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
  }
}

run "nothing_passes_the_default_security_group" {
  command = apply

  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "the default security group has no rules"
  }
  assert {
    condition     = aws_default_security_group.closed.vpc_id == aws_vpc.network.id
    error_message = "it is that of this network"
  }
}

run "each_tier_has_a_subnet_in_each_zone_and_none_gives_public_addresses" {
  command = apply

  assert {
    condition = alltrue([
      for tier in [aws_subnet.public, aws_subnet.nodes, aws_subnet.database, aws_subnet.cache] :
      toset(keys(tier)) == toset(keys(var.zones)) && alltrue([for zone, subnet in tier : subnet.availability_zone == zone && !subnet.map_public_ip_on_launch])
    ])
    error_message = "one subnet a tier and zone, without public addresses"
  }
  assert {
    condition = alltrue([
      for zone, tiers in var.zones :
      [aws_subnet.public[zone].cidr_block, aws_subnet.nodes[zone].cidr_block, aws_subnet.database[zone].cidr_block, aws_subnet.cache[zone].cidr_block]
      == [tiers.public, tiers.nodes, tiers.database, tiers.cache]
    ])
    error_message = "each subnet has the addresses given for it"
  }
  assert {
    condition = [output.public_subnet_ids, output.node_subnet_ids, output.database_subnet_ids, output.cache_subnet_ids] == [
      for tier in [aws_subnet.public, aws_subnet.nodes, aws_subnet.database, aws_subnet.cache] : [for zone in sort(keys(var.zones)) : tier[zone].id]
    ]
    error_message = "outputs name the subnets in the order of their zones"
  }
}

run "only_public_subnets_lead_to_the_internet" {
  command = apply

  assert {
    condition     = aws_route.internet.route_table_id == aws_route_table.public.id && aws_route.internet.gateway_id == aws_internet_gateway.network.id
    error_message = "the route to the internet is in the table of public subnets"
  }
  assert {
    condition     = alltrue([for zone in keys(var.zones) : aws_route_table_association.public[zone].subnet_id == aws_subnet.public[zone].id && aws_route_table_association.public[zone].route_table_id == aws_route_table.public.id])
    error_message = "public subnets, and they alone, have that table"
  }
  assert {
    condition = alltrue(flatten([
      for zone in keys(var.zones) : [
        aws_route_table_association.nodes[zone].route_table_id == aws_route_table.nodes[zone].id,
        aws_route_table_association.nodes[zone].subnet_id == aws_subnet.nodes[zone].id,
        aws_route_table_association.database[zone].route_table_id == aws_route_table.data.id,
        aws_route_table_association.database[zone].subnet_id == aws_subnet.database[zone].id,
        aws_route_table_association.cache[zone].route_table_id == aws_route_table.data.id,
        aws_route_table_association.cache[zone].subnet_id == aws_subnet.cache[zone].id,
      ]
    ]))
    error_message = "nodes have their own tables, database and cache the one without routes"
  }
  assert {
    condition     = !contains([for route in aws_route.nat : route.route_table_id], aws_route_table.data.id)
    error_message = "database and cache have no way out"
  }
}

run "each_zone_leaves_by_its_own_nat_gateway" {
  command = apply

  assert {
    condition = alltrue([
      for zone in keys(var.zones) :
      aws_nat_gateway.network[zone].subnet_id == aws_subnet.public[zone].id
      && aws_route.nat[zone].nat_gateway_id == aws_nat_gateway.network[zone].id
      && aws_route.nat[zone].route_table_id == aws_route_table.nodes[zone].id
    ])
    error_message = "a gateway in each public subnet, and nodes of the zone behind it"
  }
  assert {
    condition     = length(output.nat_public_ips) == 3
    error_message = "three addresses are seen outside"
  }
}

run "one_nat_gateway_serves_all_zones" {
  command = apply

  variables {
    nat = "one"
  }

  assert {
    condition     = keys(aws_nat_gateway.network) == ["eu-central-1a"] && keys(aws_eip.nat) == ["eu-central-1a"]
    error_message = "one gateway, in the first zone"
  }
  assert {
    condition     = alltrue([for route in aws_route.nat : route.nat_gateway_id == aws_nat_gateway.network["eu-central-1a"].id]) && length(aws_route.nat) == 3
    error_message = "all zones leave by it"
  }
}

run "endpoints_admit_nodes_alone_and_call_nobody" {
  command = apply

  assert {
    condition     = { for zone, rule in aws_vpc_security_group_ingress_rule.endpoints : zone => [rule.cidr_ipv4, rule.ip_protocol, rule.from_port, rule.to_port] } == { for zone, tiers in var.zones : zone => [tiers.nodes, "tcp", 443, 443] }
    error_message = "HTTPS from the subnets of nodes and nothing else"
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled && endpoint.security_group_ids == toset([aws_security_group.endpoints.id])])
    error_message = "each interface endpoint answers to the service's name and has that group"
  }
  assert {
    condition = toset([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name]) == toset([
      for service in ["ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "secretsmanager", "sts"] : "com.amazonaws.eu-central-1.${service}"
    ])
    error_message = "what nodes and pods need is reached within the network"
  }
  assert {
    condition     = aws_vpc_endpoint.gateway["s3"].service_name == "com.amazonaws.eu-central-1.s3" && aws_vpc_endpoint.gateway["s3"].route_table_ids == toset([for table in aws_route_table.nodes : table.id])
    error_message = "S3 is reached from the nodes' tables"
  }
}

run "endpoints_are_as_asked_for" {
  command = apply

  variables {
    gateway_endpoints   = []
    interface_endpoints = ["ssm"]
  }

  assert {
    condition     = keys(aws_vpc_endpoint.interface) == ["ssm"] && length(aws_vpc_endpoint.gateway) == 0 && output.s3_prefix_list_id == null
    error_message = "one endpoint, and no list of S3's addresses"
  }
}

run "every_flow_is_logged_encrypted_and_kept" {
  command = apply

  assert {
    condition     = aws_flow_log.network.traffic_type == "ALL" && aws_flow_log.network.vpc_id == aws_vpc.network.id && aws_flow_log.network.log_destination == aws_cloudwatch_log_group.flow_logs.arn
    error_message = "accepted and refused, of the whole network"
  }
  assert {
    condition     = aws_cloudwatch_log_group.flow_logs.kms_key_id == aws_kms_key.flow_logs.arn && aws_cloudwatch_log_group.flow_logs.retention_in_days == 365 && aws_kms_key.flow_logs.enable_key_rotation
    error_message = "with a key of its own, for a year"
  }
  assert {
    condition = jsondecode(aws_kms_key.flow_logs.policy).Statement[1].Condition == {
      ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-central-1:123456789012:log-group:/shop/flow-logs" }
    }
    error_message = "CloudWatch may use the key for this group only"
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.flow_logs.policy).Statement[0].Resource == [
      "arn:aws:logs:eu-central-1:123456789012:log-group:/shop/flow-logs", "arn:aws:logs:eu-central-1:123456789012:log-group:/shop/flow-logs:*"
    ]
    error_message = "the role writes to this group only"
  }
}

run "tags_are_on_everything_beside_names" {
  command = apply

  assert {
    condition     = alltrue([for tags in [aws_vpc.network.tags, aws_subnet.nodes["eu-central-1a"].tags, aws_kms_key.flow_logs.tags, aws_security_group.endpoints.tags] : tags.team == "shop" && startswith(tags.Name, "shop")])
    error_message = "tags given are merged with the name"
  }
  # By these the load balancer controller would find a place for load balancers that Terraform does not know.
  assert {
    condition     = alltrue(flatten([for tier in [aws_subnet.public, aws_subnet.nodes] : [for subnet in tier : !anytrue([for key in keys(subnet.tags) : startswith(key, "kubernetes.io/")])]]))
    error_message = "no subnet invites load balancers of the cluster"
  }
}
