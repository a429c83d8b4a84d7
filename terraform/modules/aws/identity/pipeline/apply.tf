# Changes what the infra root is made of. Whoever may make roles and attach policies can give away more than they have: it is
# the approval that holds here, and the names, and the denials of secrets.tf.

locals {
  apply_statements = concat(local.state_statements.apply, [
    {
      Sid    = "Services"
      Effect = "Allow"
      Action = [
        "acm:*", "cloudfront:*", "ec2:*", "ecr:*", "eks:*", "elasticache:*", "elasticloadbalancing:*", "kms:*", "logs:*", "rds:*", "route53:*", "wafv2:*",
      ]
      # Ids are not known before things are made.
      Resource = "*"
    },
    {
      # RDS makes the administrator's secret in the name of whoever makes the instance.
      Sid      = "SecretsOfRds"
      Effect   = "Allow"
      Action   = ["secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:TagResource"]
      Resource = "*"
    },
    {
      Sid      = "PublishNames"
      Effect   = "Allow"
      Action   = ["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource", "ssm:PutParameter", "ssm:RemoveTagsFromResource"]
      Resource = [local.published_arn]
    },
    {
      Sid      = "FindParameters"
      Effect   = "Allow"
      Action   = ["ssm:DescribeParameters"]
      Resource = "*"
    },
    {
      # Buckets of its own, for access logs; the state's bucket has another beginning.
      Sid      = "OwnBuckets"
      Effect   = "Allow"
      Action   = ["s3:*"]
      Resource = ["arn:${local.partition}:s3:::${var.name}-*"]
    },
    {
      Sid    = "OwnRoles"
      Effect = "Allow"
      Action = [
        "iam:AttachRolePolicy", "iam:CreateInstanceProfile", "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:CreateRole", "iam:AddRoleToInstanceProfile",
        "iam:DeleteInstanceProfile", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
        "iam:Get*", "iam:List*", "iam:PassRole", "iam:PutRolePolicy", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:TagPolicy",
        "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
      ]
      Resource = [for kind in ["instance-profile", "policy", "role"] : "arn:${local.partition}:iam::${local.account_id}:${kind}/${var.name}-*"]
    },
    {
      # The cluster's provider, for irsa; GitHub's belongs to the bootstrap root.
      Sid      = "ProviderOfTheCluster"
      Effect   = "Allow"
      Action   = ["iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:GetOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", "iam:UpdateOpenIDConnectProviderThumbprint"]
      Resource = ["arn:${local.partition}:iam::${local.account_id}:oidc-provider/oidc.eks.*"]
    },
    {
      Sid      = "RolesOfServices"
      Effect   = "Allow"
      Action   = ["iam:CreateServiceLinkedRole", "iam:GetRole"]
      Resource = ["arn:${local.partition}:iam::${local.account_id}:role/aws-service-role/*"]
    },
    {
      Sid      = "LookAtPoliciesOfAws"
      Effect   = "Allow"
      Action   = ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListOpenIDConnectProviders"]
      Resource = "*"
    },
  ])
}
