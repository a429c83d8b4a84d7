# Each condition of each input refuses what it is there for. Without a firewall where the input is another one: Terraform takes seconds
# for a plan of one, and tests of their own plan it.

mock_provider "aws" {
  source = "../mocks/base"
}

mock_provider "aws" {
  alias  = "us_east_1"
  source = "../mocks/base"
}

variables {
  name                  = "shop"
  vpc_id                = "vpc-1"
  public_subnet_ids     = ["subnet-public-a", "subnet-public-b", "subnet-public-c"]
  private_subnet_ids    = ["subnet-nodes-a", "subnet-nodes-b", "subnet-nodes-c"]
  domain_name           = "shop.example.com"
  zone_id               = "Z0123456789"
  pod_security_group_id = "sg-pods"
  waf                   = "none"
}

run "what_is_at_the_edge_is_taken" {
  command = plan

  variables {
    name                         = "abcdefghijklmnopqrstuvwx"
    client_cidrs                 = ["203.0.113.7/32"]
    pod_port                     = 65535
    deregistration_delay_seconds = 0
    waf_rate_limit               = 100
    log_retention_days           = 30
    deletion_protection          = false
  }

  assert {
    condition     = length(aws_lb_target_group.pods.name) == 31 && length(aws_s3_bucket.logs.bucket) <= 63
    error_message = "the longest name fits where AWS has limits"
  }
}

run "a_name_that_elastic_load_balancing_keeps_for_itself_is_refused" {
  command = plan

  variables {
    name = "internal-shop"
  }

  expect_failures = [var.name]
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

run "a_kind_of_load_balancer_that_does_not_exist_is_refused" {
  command = plan

  variables {
    load_balancer = "elb"
  }

  expect_failures = [var.load_balancer]
}

run "cloudfront_before_an_nlb_is_refused" {
  command = plan

  variables {
    load_balancer = "nlb"
    cdn           = true
    waf           = "cdn"
  }

  expect_failures = [var.cdn]
}

run "a_place_for_the_firewall_that_does_not_exist_is_refused" {
  command = plan

  variables {
    waf = "nlb"
  }

  expect_failures = [var.waf]
}

run "a_firewall_on_an_nlb_is_refused" {
  command = plan

  variables {
    load_balancer = "nlb"
    waf           = "alb"
  }

  expect_failures = [var.waf]
}

run "a_firewall_on_a_cdn_that_is_not_there_is_refused" {
  command = plan

  variables {
    waf = "cdn"
  }

  expect_failures = [var.waf]
}

run "a_firewall_behind_the_cdn_is_refused" {
  command = plan

  variables {
    cdn = true
    waf = "alb"
  }

  expect_failures = [var.waf]
}

run "a_limit_below_what_the_firewall_can_count_is_refused" {
  command = plan

  variables {
    waf_rate_limit = 99
  }

  expect_failures = [var.waf_rate_limit]
}

run "something_other_than_a_vpc_is_refused" {
  command = plan

  variables {
    vpc_id = "subnet-a"
  }

  expect_failures = [var.vpc_id]
}

run "two_public_subnets_are_refused" {
  command = plan

  variables {
    public_subnet_ids = ["subnet-public-a", "subnet-public-b"]
  }

  expect_failures = [var.public_subnet_ids]
}

run "two_private_subnets_are_refused" {
  command = plan

  variables {
    private_subnet_ids = ["subnet-nodes-a", "subnet-nodes-b"]
  }

  expect_failures = [var.private_subnet_ids]
}

run "a_url_for_a_name_is_refused" {
  command = plan

  variables {
    domain_name = "https://shop.example.com"
  }

  expect_failures = [var.domain_name]
}

run "a_name_for_a_zone_is_refused" {
  command = plan

  variables {
    zone_id = "example.com"
  }

  expect_failures = [var.zone_id]
}

run "a_load_balancer_for_nobody_is_refused" {
  command = plan

  variables {
    client_cidrs = []
  }

  expect_failures = [var.client_cidrs]
}

run "clients_that_cloudfront_would_let_in_anyway_are_refused" {
  command = plan

  variables {
    cdn          = true
    client_cidrs = ["203.0.113.0/24"]
  }

  expect_failures = [var.client_cidrs]
}

run "a_port_that_needs_privileges_is_refused" {
  command = plan

  variables {
    pod_port = 80
  }

  expect_failures = [var.pod_port]
}

run "a_health_check_without_path_is_refused" {
  command = plan

  variables {
    health_check_path = "readyz"
  }

  expect_failures = [var.health_check_path]
}

run "a_delay_that_is_too_long_is_refused" {
  command = plan

  variables {
    deregistration_delay_seconds = 301
  }

  expect_failures = [var.deregistration_delay_seconds]
}

run "a_retention_that_does_not_exist_is_refused" {
  command = plan

  variables {
    log_retention_days = 1
  }

  expect_failures = [var.log_retention_days]
}
