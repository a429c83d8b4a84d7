# Each condition on pods refuses what it is there for.

mock_provider "aws" {
  source = "../mocks/base"
}

variables {
  name               = "shop"
  kubernetes_version = "1.34"
  vpc_id             = "vpc-1"
  vpc_cidr           = "10.0.0.0/16"
  subnet_ids         = ["subnet-a", "subnet-b", "subnet-c"]
  access_entries = {
    operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
  }
}

run "an_identity_that_does_not_exist_is_refused" {
  command = plan

  variables {
    identity = "keys"
  }

  expect_failures = [var.identity]
}

run "a_mode_that_does_not_exist_is_refused" {
  command = plan

  variables {
    pod_security_groups = "on"
  }

  expect_failures = [var.pod_security_groups]
}

run "strict_groups_with_pod_identity_are_refused" {
  command = plan

  variables {
    pod_security_groups = "strict"
  }

  expect_failures = [var.pod_security_groups]
}

run "strict_groups_with_node_local_dns_are_refused" {
  command = plan

  variables {
    identity            = "irsa"
    pod_security_groups = "strict"
    node_local_dns      = true
  }

  expect_failures = [var.pod_security_groups]
}

run "pods_without_ports_for_probes_are_refused" {
  command = plan

  variables {
    pod_ports      = []
    pod_peer_ports = []
  }

  expect_failures = [var.pod_ports]
}

run "a_port_that_needs_privileges_is_refused" {
  command = plan

  variables {
    pod_ports = [80, 9090]
  }

  expect_failures = [var.pod_ports]
}

run "peers_at_a_port_that_pods_do_not_have_are_refused" {
  command = plan

  variables {
    pod_peer_ports = [7946]
  }

  expect_failures = [var.pod_peer_ports]
}

run "a_port_that_does_not_exist_is_refused" {
  command = plan

  variables {
    pod_egress = { collector = { port = 65536, cidr = "10.0.64.0/20" } }
  }

  expect_failures = [var.pod_egress]
}

run "a_destination_that_begins_within_itself_is_refused" {
  command = plan

  variables {
    pod_egress = { collector = { port = 4318, cidr = "10.0.65.0/20" } }
  }

  expect_failures = [var.pod_egress]
}

run "a_destination_without_a_plain_name_is_refused" {
  command = plan

  variables {
    pod_egress = { "10.0.64.0/20" = { port = 4318, cidr = "10.0.64.0/20" } }
  }

  expect_failures = [var.pod_egress]
}
