# Each condition of each input refuses what it is there for, and takes what is at its edge.

mock_provider "aws" {
  source = "../mocks/base"
}

variables {
  name = "shop"
  cidr = "10.0.0.0/16"
  zones = {
    eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
    eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
    eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
  }
}

run "the_smallest_network_that_is_taken" {
  command = plan

  variables {
    name = "ab"
    cidr = "192.168.0.0/20"
    zones = {
      us-gov-west-1a = { public = "192.168.0.0/27", nodes = "192.168.1.0/24", database = "192.168.0.128/28", cache = "192.168.0.144/28" }
      us-gov-west-1b = { public = "192.168.0.32/27", nodes = "192.168.2.0/24", database = "192.168.0.160/28", cache = "192.168.0.176/28" }
      us-gov-west-1c = { public = "192.168.0.64/27", nodes = "192.168.3.0/24", database = "192.168.0.192/28", cache = "192.168.0.208/28" }
    }
    gateway_endpoints   = ["s3", "dynamodb"]
    interface_endpoints = []
    log_retention_days  = 30
  }
}

run "a_name_that_is_too_long_is_refused" {
  command = plan

  variables {
    name = "abcdefghijklmnopqrstuvwxy"
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

run "a_tag_of_aws_is_refused" {
  command = plan

  variables {
    tags = { "AWS:created" = "me" }
  }

  expect_failures = [var.tags]
}

run "a_public_network_is_refused" {
  command = plan

  variables {
    cidr = "203.0.0.0/16"
  }

  expect_failures = [var.cidr]
}

run "a_network_that_is_too_small_is_refused" {
  command = plan

  variables {
    cidr = "10.0.0.0/21"
  }

  expect_failures = [var.cidr]
}

run "a_network_that_begins_within_itself_is_refused" {
  command = plan

  variables {
    cidr = "10.0.1.0/16"
  }

  expect_failures = [var.cidr]
}

run "two_zones_are_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
    }
  }

  expect_failures = [var.zones]
}

run "a_zone_called_by_its_letter_is_refused" {
  command = plan

  variables {
    zones = {
      a             = { public = "10.0.0.0/24", nodes = "10.0.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [var.zones]
}

run "a_subnet_of_ipv6_is_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "fd00::/24", nodes = "10.0.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [var.zones]
}

run "a_subnet_that_begins_within_itself_is_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.65.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [var.zones]
}

run "a_subnet_of_nodes_that_is_too_small_is_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.64.0/25", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [var.zones]
}

run "a_public_subnet_that_is_too_small_is_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "10.0.0.0/28", nodes = "10.0.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [var.zones]
}

run "a_subnet_of_the_database_that_is_too_small_is_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.64.0/20", database = "10.0.16.0/29", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [var.zones]
}

run "a_subnet_outside_the_network_is_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "10.0.0.0/24", nodes = "10.1.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [aws_vpc.network]
}

run "the_same_subnet_twice_is_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.1.0/24", nodes = "10.0.80.0/20", database = "10.0.16.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [aws_vpc.network]
}

# The smaller one comes before the larger in one pair of names, and after it in another.
run "a_subnet_within_another_is_refused" {
  command = plan

  variables {
    zones = {
      eu-central-1a = { public = "10.0.0.0/24", nodes = "10.0.64.0/20", database = "10.0.16.0/24", cache = "10.0.32.0/24" }
      eu-central-1b = { public = "10.0.79.0/24", nodes = "10.0.80.0/20", database = "10.0.17.0/24", cache = "10.0.33.0/24" }
      eu-central-1c = { public = "10.0.2.0/24", nodes = "10.0.96.0/20", database = "10.0.18.0/24", cache = "10.0.34.0/24" }
    }
  }

  expect_failures = [aws_vpc.network]
}

run "no_nat_gateway_is_refused" {
  command = plan

  variables {
    nat = "none"
  }

  expect_failures = [var.nat]
}

run "a_gateway_endpoint_that_does_not_exist_is_refused" {
  command = plan

  variables {
    gateway_endpoints = ["s3", "sts"]
  }

  expect_failures = [var.gateway_endpoints]
}

run "a_whole_name_of_an_endpoint_is_refused" {
  command = plan

  variables {
    interface_endpoints = ["com.amazonaws.eu-central-1.sts"]
  }

  expect_failures = [var.interface_endpoints]
}

run "an_interface_endpoint_for_what_is_free_otherwise_is_refused" {
  command = plan

  variables {
    interface_endpoints = ["s3"]
  }

  expect_failures = [var.interface_endpoints]
}

run "a_retention_that_does_not_exist_is_refused" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}
