# Each condition on nodes refuses what it is there for.

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

run "no_instance_type_is_refused" {
  command = plan

  variables {
    node_instance_types = []
  }

  expect_failures = [var.node_instance_types]
}

run "graviton_for_images_of_x86_is_refused" {
  command = plan

  variables {
    node_instance_types = ["m7i.large", "m7g.large"]
  }

  expect_failures = [var.node_instance_types]
}

run "x86_for_images_of_graviton_is_refused" {
  command = plan

  variables {
    node_architecture   = "arm64"
    node_instance_types = ["m7i.large"]
  }

  expect_failures = [var.node_instance_types]
}

# g4dn has graphics processors and Intel's, which the letter in front does not change.
run "a_family_that_begins_with_g_is_not_graviton" {
  command = plan

  variables {
    node_instance_types = ["g4dn.xlarge", "g6.xlarge"]
  }
}

run "an_instance_without_interfaces_for_pods_is_refused" {
  command = plan

  variables {
    node_instance_types = ["m7i.large", "t3.large"]
  }

  expect_failures = [var.node_instance_types]
}

run "graviton_without_interfaces_for_pods_is_refused" {
  command = plan

  variables {
    node_architecture   = "arm64"
    node_instance_types = ["t4g.large"]
  }

  expect_failures = [var.node_instance_types]
}

run "the_one_size_without_interfaces_for_pods_is_refused" {
  command = plan

  variables {
    node_instance_types = ["i4i.large"]
  }

  expect_failures = [var.node_instance_types]
}

run "a_processor_that_does_not_exist_is_refused" {
  command = plan

  variables {
    node_architecture = "amd64"
  }

  expect_failures = [var.node_architecture]
}

run "two_nodes_for_three_zones_are_refused" {
  command = plan

  variables {
    node_count = { min = 2, max = 6 }
  }

  expect_failures = [var.node_count]
}

run "no_room_for_a_node_in_an_upgrade_is_refused" {
  command = plan

  variables {
    node_count = { min = 3, max = 3 }
  }

  expect_failures = [var.node_count]
}

run "a_disk_that_is_too_small_is_refused" {
  command = plan

  variables {
    node_volume_gib = 19
  }

  expect_failures = [var.node_volume_gib]
}

run "a_release_that_is_none_is_refused" {
  command = plan

  variables {
    node_release_version = "1.34.2"
  }

  expect_failures = [var.node_release_version]
}

run "a_release_of_another_kubernetes_is_refused" {
  command = plan

  variables {
    node_release_version = "1.33.4-20251103"
  }

  expect_failures = [var.node_release_version]
}
