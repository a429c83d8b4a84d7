# What no pipeline may do, whatever else it is given: a Deny is stronger than every Allow, also than one that someone attaches later.

locals {
  no_secret_statements = [
    {
      Sid    = "NoSecretValue"
      Effect = "Deny"
      Action = ["secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"]
      # No exception: the roots make no secret version and read none.
      Resource = "*"
    },
    {
      Sid    = "NoDataOfOthers"
      Effect = "Deny"
      Action = ["rds-db:connect", "elasticache:Connect", "ec2:GetPasswordData", "rds:DownloadDBLogFilePortion", "rds:DownloadCompleteDBLogFile", "logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartQuery", "logs:StartLiveTail", "logs:Unmask"]
      # The data itself, and logs, which tell of it.
      Resource = "*"
    },
    {
      # The published names; elsewhere a parameter may hold a secret.
      Sid         = "NoOtherParameter"
      Effect      = "Deny"
      Action      = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory"]
      NotResource = [local.published_arn]
    },
    {
      # A pipeline that may change its own role may do anything.
      Sid    = "NoPipelineRole"
      Effect = "Deny"
      Action = [
        "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
        "iam:PassRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "sts:AssumeRole",
      ]
      Resource = "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-pipeline-*"
    },
  ]

  # An encrypted parameter, a secret or a snapshot is of no use without its key. The state's own is the exception.
  no_decryption_statement = {
    Sid         = "NoDecryptionButOfTheState"
    Effect      = "Deny"
    Action      = ["kms:Decrypt", "kms:ReEncryptFrom"]
    NotResource = [var.state_kms_key_arn]
  }

  # To make things, services use the new keys in the name of whoever asked; Secrets Manager does so when RDS makes the
  # administrator's secret, whose value stays denied above.
  # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
  no_decryption_statements = {
    plan   = [local.no_decryption_statement]
    deploy = [local.no_decryption_statement]
    apply = [merge(local.no_decryption_statement, {
      Condition = {
        StringNotEqualsIfExists = {
          "kms:ViaService" = [for service in ["ec2", "ecr", "eks", "elasticache", "logs", "rds", "secretsmanager"] : "${service}.${local.region}.amazonaws.com"]
        }
      }
    })]
  }

  published_arn = "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter/${var.name}/*"
}
