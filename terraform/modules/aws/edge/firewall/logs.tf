# What was asked of the firewall and what it said, without credentials, encrypted with a key of its own.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Its id is the region's name in versions 5 and 6 of the provider; the attribute that says so has another name in each.
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  # WAF takes groups of no other name: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html.
  log_group_name = "aws-waf-logs-${var.name}"
  # From names alone, since key and log group each need the other's.
  log_group_arn = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.id}:${local.account}:log-group:${local.log_group_name}"
}

resource "aws_kms_key" "logs" {
  description         = "Logs of the firewall ${var.name}"
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Without it nobody could administer the key; IAM decides who may.
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${data.aws_region.current.id}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = local.log_group_arn } }
      },
    ]
  })

  tags = merge(var.tags, { Name = "${var.name}-firewall-logs" })
}

resource "aws_kms_alias" "logs" {
  name          = "alias/${var.name}-firewall-logs"
  target_key_id = aws_kms_key.logs.key_id
}

resource "aws_cloudwatch_log_group" "firewall" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn

  tags = merge(var.tags, { Name = "${var.name}-firewall" })
}

resource "aws_wafv2_web_acl_logging_configuration" "firewall" {
  resource_arn            = aws_wafv2_web_acl.firewall.arn
  log_destination_configs = [aws_cloudwatch_log_group.firewall.arn]

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
}
