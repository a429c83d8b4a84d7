# One key for the Secrets of Kubernetes, and one for logs: who may read logs needs no key to Secrets.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Its id is the region's name in versions 5 and 6 of the provider; the attribute that says so has another name in each.
data "aws_region" "current" {}

locals {
  account        = data.aws_caller_identity.current.account_id
  log_group_name = "/aws/eks/${var.name}/cluster"
  # From names alone, since key and log group each need the other's.
  log_group_arn = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.id}:${local.account}:log-group:${local.log_group_name}"

  # Without it nobody could administer a key; IAM decides who may.
  key_policy_of_account = {
    Sid       = "Account"
    Effect    = "Allow"
    Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${local.account}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }
}

resource "aws_kms_key" "secrets" {
  description         = "Secrets of Kubernetes in ${var.name}"
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.key_policy_of_account,
      {
        Sid       = "ControlPlane"
        Effect    = "Allow"
        Principal = { AWS = aws_iam_role.cluster.arn }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"]
        Resource  = "*"
      },
    ]
  })

  tags = merge(var.tags, { Name = "${var.name}-secrets" })
}

resource "aws_kms_alias" "secrets" {
  name          = "alias/${var.name}-secrets"
  target_key_id = aws_kms_key.secrets.key_id
}

resource "aws_kms_key" "logs" {
  description         = "Control-plane logs of ${var.name}"
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.key_policy_of_account,
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

  tags = merge(var.tags, { Name = "${var.name}-control-plane-logs" })
}

resource "aws_kms_alias" "logs" {
  name          = "alias/${var.name}-control-plane-logs"
  target_key_id = aws_kms_key.logs.key_id
}
