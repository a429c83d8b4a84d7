# What is kept of requests, where, and for how long.

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
  cdn                   = true
  waf                   = "none"
}

run "access_logs_are_private_encrypted_and_kept_for_a_year" {
  command = apply

  assert {
    condition     = aws_s3_bucket.logs.bucket == "shop-edge-logs-123456789012-eu-central-1" && !aws_s3_bucket.logs.force_destroy
    error_message = "a bucket of their own, which is not emptied by accident"
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.logs.block_public_acls, aws_s3_bucket_public_access_block.logs.block_public_policy,
      aws_s3_bucket_public_access_block.logs.ignore_public_acls, aws_s3_bucket_public_access_block.logs.restrict_public_buckets,
    ])
    error_message = "nothing can make it public"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.logs.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256" && aws_s3_bucket_versioning.logs.versioning_configuration[0].status == "Enabled"
    error_message = "encrypted, and a deleted entry is found for a while"
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.logs.rule[0].expiration[0].days == 365 && aws_s3_bucket_lifecycle_configuration.logs.rule[0].status == "Enabled"
    error_message = "they go after a year"
  }
}

run "only_the_services_that_log_may_write" {
  command = apply

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : [statement.Effect, try(statement.Principal.Service, "everyone"), statement.Action]] == [
      ["Deny", "everyone", "s3:*"],
      ["Allow", "logdelivery.elasticloadbalancing.amazonaws.com", "s3:PutObject"],
      ["Allow", "delivery.logs.amazonaws.com", "s3:PutObject"],
      ["Allow", "delivery.logs.amazonaws.com", "s3:GetBucketAcl"],
    ]
    error_message = "log deliveries may write, and nobody may in the clear"
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012" if try(statement.Principal.Service, "") == "delivery.logs.amazonaws.com"])
    error_message = "deliveries are of this account only"
  }
  assert {
    condition     = jsondecode(aws_s3_bucket_policy.logs.policy).Statement[1].Resource == "arn:aws:s3:::mock/load-balancer/AWSLogs/123456789012/*"
    error_message = "load balancers write below the number of this account, where no other account's can"
  }
  assert {
    condition     = jsondecode(aws_s3_bucket_policy.logs.policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "connections in the clear are refused"
  }
}

run "load_balancer_and_cloudfront_write_there" {
  command = apply

  assert {
    condition     = aws_lb.edge.access_logs[0].enabled && aws_lb.edge.access_logs[0].bucket == aws_s3_bucket.logs.id && aws_lb.edge.access_logs[0].prefix == "load-balancer"
    error_message = "the load balancer does"
  }
  assert {
    condition     = aws_cloudwatch_log_delivery_source.cdn[0].resource_arn == aws_cloudfront_distribution.cdn[0].arn && aws_cloudwatch_log_delivery_destination.cdn[0].delivery_destination_configuration[0].destination_resource_arn == "arn:aws:s3:::mock/cdn"
    error_message = "CloudFront does"
  }
  assert {
    condition     = aws_cloudwatch_log_delivery.cdn[0].delivery_source_name == "shop-cdn" && aws_cloudwatch_log_delivery.cdn[0].delivery_destination_arn == aws_cloudwatch_log_delivery_destination.cdn[0].arn
    error_message = "one leads to the other"
  }
}

run "without_protection_everything_can_go" {
  command = apply

  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_s3_bucket.logs.force_destroy && !aws_lb.edge.enable_deletion_protection
    error_message = "bucket and load balancer can be destroyed"
  }
}
