# Who may read and write which state. A lock is an object beside the state, which a plan makes and deletes as well.

locals {
  state_reads = {
    plan   = ["infra"]
    apply  = ["infra", "platform"]
    deploy = ["app"]
  }
  state_writes = {
    plan   = []
    apply  = ["infra", "platform"]
    deploy = ["app"]
  }

  state_statements = {
    for role, roots in local.state_reads : role => concat(
      [
        {
          Sid      = "FindState"
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = [var.state_bucket_arn]
        },
        {
          Sid      = "ReadState"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = [for root in roots : "${var.state_bucket_arn}/${root}.tfstate"]
        },
        {
          Sid      = "LockState"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
          Resource = [for root in roots : "${var.state_bucket_arn}/${root}.tfstate.tflock"]
        },
        {
          Sid       = "EncryptState"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = [var.state_kms_key_arn]
          Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
        },
      ],
      length(local.state_writes[role]) == 0 ? [] : [
        {
          Sid      = "WriteState"
          Effect   = "Allow"
          Action   = ["s3:PutObject"]
          Resource = [for root in local.state_writes[role] : "${var.state_bucket_arn}/${root}.tfstate"]
        },
      ],
    )
  }
}
