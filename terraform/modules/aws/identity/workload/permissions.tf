data "aws_region" "current" {}

locals {
  # One statement a kind of permission that was asked for.
  statements = concat(
    length(var.database_user_arns) == 0 ? [] : [{
      Sid       = "LogInToDatabase"
      Effect    = "Allow"
      Action    = ["rds-db:connect"]
      Resource  = var.database_user_arns
      Condition = {}
    }],
    length(var.cache_arns) == 0 ? [] : [{
      Sid       = "ConnectToCache"
      Effect    = "Allow"
      Action    = ["elasticache:Connect"]
      Resource  = var.cache_arns
      Condition = {}
    }],
    length(var.secret_arns) == 0 ? [] : [{
      Sid       = "ReadSecrets"
      Effect    = "Allow"
      Action    = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource  = var.secret_arns
      Condition = {}
    }],
    length(var.secret_kms_key_arns) == 0 ? [] : [{
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = var.secret_kms_key_arns
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${data.aws_region.current.name}.amazonaws.com" } }
    }],
    length(var.target_group_arns) == 0 ? [] : [{
      Sid       = "RegisterPods"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
      Resource  = var.target_group_arns
      Condition = {}
      }, {
      # AWS cannot narrow these to a resource.
      Sid       = "LookAtLoadBalancers"
      Effect    = "Allow"
      Action    = ["elasticloadbalancing:Describe*", "ec2:DescribeAvailabilityZones", "ec2:DescribeSecurityGroups", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs", "ec2:DescribeSubnets"]
      Resource  = ["*"]
      Condition = {}
    }],
  )
}

resource "aws_iam_role_policy" "this" {
  # A role that may do nothing has no policy: IAM refuses an empty one.
  count = length(local.statements) == 0 ? 0 : 1

  name = "permissions"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in local.statements : { for key, value in statement : key => value if key != "Condition" || length(statement.Condition) > 0 }]
  })
}
