# What the firewall asks, and what it tells of it.

mock_provider "aws" {
  source = "../mocks/base"
}

variables {
  name               = "shop-cdn"
  tags               = { team = "shop" }
  scope              = "CLOUDFRONT"
  rate_limit         = 2000
  log_retention_days = 365
}

run "floods_known_sources_and_known_attacks_are_blocked" {
  command = apply

  module {
    source = "./firewall"
  }

  assert {
    condition     = aws_wafv2_web_acl.firewall.scope == "CLOUDFRONT" && aws_wafv2_web_acl.firewall.name == "shop-cdn"
    error_message = "it is for what it is asked for"
  }
  assert {
    condition     = { for rule in aws_wafv2_web_acl.firewall.rule : rule.priority => rule.name } == { 0 = "rate", 1 = "reputation", 2 = "common", 3 = "bad-inputs" }
    error_message = "the cheapest comes first"
  }
  assert {
    condition = alltrue([
      for rule in aws_wafv2_web_acl.firewall.rule :
      length(rule.action[0].block) == 1 && rule.statement[0].rate_based_statement[0].limit == 2000 && rule.statement[0].rate_based_statement[0].aggregate_key_type == "IP"
      if rule.name == "rate"
    ])
    error_message = "an address that asks too often is blocked"
  }
  assert {
    condition = { for rule in aws_wafv2_web_acl.firewall.rule : rule.name => rule.statement[0].managed_rule_group_statement[0].name if rule.name != "rate" } == {
      reputation = "AWSManagedRulesAmazonIpReputationList"
      common     = "AWSManagedRulesCommonRuleSet"
      bad-inputs = "AWSManagedRulesKnownBadInputsRuleSet"
    }
    error_message = "AWS' own rules follow"
  }
  assert {
    condition     = alltrue([for rule in aws_wafv2_web_acl.firewall.rule : length(rule.override_action[0].none) == 1 if rule.name != "rate"])
    error_message = "they block, and do not merely count"
  }
}

run "its_logs_are_encrypted_and_hold_no_credentials" {
  command = apply

  module {
    source = "./firewall"
  }

  assert {
    condition     = toset([for field in aws_wafv2_web_acl_logging_configuration.firewall.redacted_fields : field.single_header[0].name]) == toset(["authorization", "cookie"])
    error_message = "neither tokens nor cookies are written"
  }
  assert {
    condition     = aws_cloudwatch_log_group.firewall.name == "aws-waf-logs-shop-cdn" && aws_cloudwatch_log_group.firewall.retention_in_days == 365 && aws_cloudwatch_log_group.firewall.kms_key_id == aws_kms_key.logs.arn
    error_message = "WAF finds the group, which has a key"
  }
  assert {
    condition     = !anytrue(flatten([aws_wafv2_web_acl.firewall.visibility_config[0].sampled_requests_enabled, [for rule in aws_wafv2_web_acl.firewall.rule : rule.visibility_config[0].sampled_requests_enabled]]))
    error_message = "no samples are kept beside the logs"
  }
}
