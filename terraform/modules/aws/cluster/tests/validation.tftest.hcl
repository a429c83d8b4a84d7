# Each condition of each input refuses what it is there for. Those of nodes and pods are in files of their own.

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

run "what_is_at_the_edge_is_taken" {
  command = plan

  variables {
    name                 = "abcdefghijklmnopqrstuvwx"
    kubernetes_version   = "1.33"
    service_cidr         = "10.1.0.0/24"
    public_access_cidrs  = ["203.0.0.0/16"]
    control_plane_logs   = ["audit", "authenticator"]
    node_count           = { min = 3, max = 4 }
    node_instance_types  = ["m5.metal", "i3en.large", "i4i.xlarge", "c5.large", "p3dn.24xlarge", "u7i-12tb.224xlarge"]
    node_release_version = "1.33.4-20251103"
    node_volume_gib      = 20
    node_local_dns       = true
    log_retention_days   = 3653
    access_entries = {
      operators = { principal_arn = "arn:aws-us-gov:iam::123456789012:role/aws-reserved/sso.amazonaws.com/operators", policy = "cluster-admin" }
      someone   = { principal_arn = "arn:aws:iam::123456789012:user/someone", policy = "view", namespaces = ["shop"] }
    }
  }
}

run "a_name_with_capitals_is_refused" {
  command = plan

  variables {
    name = "Shop"
  }

  expect_failures = [var.name]
}

run "a_tag_called_name_is_refused" {
  command = plan

  variables {
    tags = { Name = "other" }
  }

  expect_failures = [var.tags]
}

run "an_old_kubernetes_is_refused" {
  command = plan

  variables {
    kubernetes_version = "1.32"
  }

  expect_failures = [var.kubernetes_version]
}

run "something_other_than_a_vpc_is_refused" {
  command = plan

  variables {
    vpc_id = "subnet-a"
  }

  expect_failures = [var.vpc_id]
}

run "addresses_of_the_network_that_are_none_are_refused" {
  command = plan

  variables {
    vpc_cidr = "10.0.0.0"
  }

  expect_failures = [var.vpc_cidr]
}

run "services_with_public_addresses_are_refused" {
  command = plan

  variables {
    service_cidr = "203.0.113.0/24"
  }

  expect_failures = [var.service_cidr]
}

run "services_within_the_network_are_refused" {
  command = plan

  variables {
    service_cidr = "10.0.32.0/20"
  }

  expect_failures = [var.service_cidr]
}

run "services_around_the_network_are_refused" {
  command = plan

  variables {
    service_cidr = "10.0.0.0/12"
  }

  expect_failures = [var.service_cidr]
}

run "two_subnets_are_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-a", "subnet-b", "subnet-b"]
  }

  expect_failures = [var.subnet_ids]
}

run "an_api_open_to_everyone_is_refused" {
  command = plan

  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "an_api_open_to_everyone_in_two_halves_is_refused" {
  command = plan

  variables {
    public_access_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "an_address_for_a_network_is_refused" {
  command = plan

  variables {
    public_access_cidrs = ["203.0.113.7"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "access_for_a_session_is_refused" {
  command = plan

  variables {
    access_entries = {
      operators = { principal_arn = "arn:aws:sts::123456789012:assumed-role/operators/me", policy = "cluster-admin" }
    }
  }

  expect_failures = [var.access_entries]
}

run "two_entries_for_one_principal_are_refused" {
  command = plan

  variables {
    access_entries = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
      same      = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "view" }
    }
  }

  expect_failures = [var.access_entries]
}

run "a_policy_that_does_not_exist_is_refused" {
  command = plan

  variables {
    access_entries = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
      root      = { principal_arn = "arn:aws:iam::123456789012:role/root", policy = "root" }
    }
  }

  expect_failures = [var.access_entries]
}

run "an_entry_that_allows_nothing_is_refused" {
  command = plan

  variables {
    access_entries = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
      nothing   = { principal_arn = "arn:aws:iam::123456789012:role/nothing" }
    }
  }

  expect_failures = [var.access_entries]
}

run "an_administrator_of_the_cluster_in_one_namespace_is_refused" {
  command = plan

  variables {
    access_entries = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin", namespaces = ["shop"] }
    }
  }

  expect_failures = [var.access_entries]
}

run "a_group_of_kubernetes_own_is_refused" {
  command = plan

  variables {
    access_entries = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin", groups = ["system:masters"] }
    }
  }

  expect_failures = [var.access_entries]
}

run "a_cluster_without_administrator_is_refused" {
  command = plan

  variables {
    access_entries = {
      watchers = { principal_arn = "arn:aws:iam::123456789012:role/watchers", policy = "view" }
    }
  }

  expect_failures = [var.access_entries]
}

run "a_log_that_does_not_exist_is_refused" {
  command = plan

  variables {
    control_plane_logs = ["audit", "authenticator", "kubelet"]
  }

  expect_failures = [var.control_plane_logs]
}

run "a_control_plane_without_audit_is_refused" {
  command = plan

  variables {
    control_plane_logs = ["api", "authenticator"]
  }

  expect_failures = [var.control_plane_logs]
}

run "a_retention_that_does_not_exist_is_refused" {
  command = plan

  variables {
    log_retention_days = 7
  }

  expect_failures = [var.log_retention_days]
}

run "a_version_for_another_add_on_is_refused" {
  command = plan

  variables {
    addon_versions = { aws-ebs-csi-driver = "v1.50.1-eksbuild.1" }
  }

  expect_failures = [var.addon_versions]
}

run "a_version_that_is_none_is_refused" {
  command = plan

  variables {
    addon_versions = { coredns = "latest" }
  }

  expect_failures = [var.addon_versions]
}
