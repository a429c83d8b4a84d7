data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.name

  # What a token of GitHub says of the job that shows it. In a job with an environment it names that in place of the branch, and
  # GitHub gives no token before the environment's rules are met: that is the approval.
  # https://docs.github.com/en/actions/reference/security/oidc
  subjects = {
    plan   = ["repo:${var.github_repository}:pull_request", "repo:${var.github_repository}:ref:refs/heads/${var.branch}"]
    apply  = ["repo:${var.github_repository}:environment:${var.apply_environment}"]
    deploy = ["repo:${var.github_repository}:environment:${var.deploy_environment}"]
  }

  descriptions = {
    plan   = "Looks at the infrastructure, changes nothing and reads no secret"
    apply  = "Changes the infrastructure, once approved"
    deploy = "Deploys the service, once approved"
  }

  permissions = {
    plan   = local.plan_statements
    apply  = local.apply_statements
    deploy = local.deploy_statements
  }
}

resource "aws_iam_role" "this" {
  for_each = local.subjects

  name                 = "${var.name}-pipeline-${each.key}"
  description          = local.descriptions[each.key]
  max_session_duration = 3600
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = var.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        # Equal, never like: a pattern in a subject is how others get in.
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = each.value
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = local.subjects

  name = "permissions"
  role = aws_iam_role.this[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.permissions[each.key], local.no_secret_statements, local.no_decryption_statements[each.key])
  })
}
