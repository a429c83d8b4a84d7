resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_oidc_provider_arn == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
  tags           = local.tags
}

module "pipeline" {
  source = "../../../modules/aws/identity/pipeline"

  name               = var.name
  tags               = local.tags
  oidc_provider_arn  = var.github_oidc_provider_arn != null ? var.github_oidc_provider_arn : aws_iam_openid_connect_provider.github[0].arn
  github_repository  = var.github_repository
  apply_environment  = var.apply_environment
  deploy_environment = var.deploy_environment
  state_bucket_arn   = aws_s3_bucket.state.arn
  state_kms_key_arn  = aws_kms_key.state.arn
  image_repository   = var.name
}

# What the infra root needs to know. Names and nothing secret: whoever may deploy may read it.
resource "aws_ssm_parameter" "published" {
  name        = "/${var.name}/bootstrap"
  description = "What the bootstrap root tells the others"
  type        = "String"
  value       = jsonencode({ pipeline_role_arns = module.pipeline.role_arns })
  tags        = local.tags
}
