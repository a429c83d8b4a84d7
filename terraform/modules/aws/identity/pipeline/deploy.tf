# Pushes the image and installs the release. What it may do in the cluster is decided there, by the access entry of this role.

locals {
  deploy_statements = concat(local.state_statements.deploy, [
    {
      Sid      = "ReadPublishedNames"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:GetParameters"]
      Resource = [local.published_arn]
    },
    {
      Sid      = "FindCluster"
      Effect   = "Allow"
      Action   = ["eks:DescribeCluster"]
      Resource = ["arn:${local.partition}:eks:${local.region}:${local.account_id}:cluster/${var.name}"]
    },
    {
      Sid    = "PushImage"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
      ]
      Resource = ["arn:${local.partition}:ecr:${local.region}:${local.account_id}:repository/${var.image_repository}"]
    },
    {
      # Cannot be narrowed: the token is the account's, and is good for what the role may do.
      Sid      = "LogInToRegistry"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = "*"
    },
  ])
}
