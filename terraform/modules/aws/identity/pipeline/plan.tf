# Reads how things are set up, which is what a plan compares. What holds data is denied in secrets.tf, and the cluster's API is not
# among it: a plan of the platform or the app reads Secrets of Kubernetes, so those are planned by whoever may apply them.

locals {
  plan_statements = concat(local.state_statements.plan, [
    {
      Sid    = "Look"
      Effect = "Allow"
      Action = [
        "acm:DescribeCertificate", "acm:ListCertificates", "acm:ListTagsForCertificate",
        "cloudfront:Describe*", "cloudfront:Get*", "cloudfront:List*",
        "ec2:Describe*", "ec2:GetManagedPrefixListEntries", "ec2:GetSecurityGroupsForVpc",
        "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource",
        "eks:Describe*", "eks:List*",
        "elasticache:Describe*", "elasticache:ListTagsForResource",
        "elasticloadbalancing:Describe*",
        "iam:GetInstanceProfile", "iam:GetOpenIDConnectProvider", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListOpenIDConnectProviders", "iam:ListPolicyVersions", "iam:ListRolePolicies",
        "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListResourceTags",
        "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetDelivery*", "logs:ListTagsForResource",
        "rds:Describe*", "rds:ListTagsForResource",
        "route53:Get*", "route53:List*",
        "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration",
        "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy",
        "ssm:DescribeParameters", "ssm:ListTagsForResource",
        "wafv2:Get*", "wafv2:List*",
      ]
      # Most of these cannot be narrowed to a resource, and a plan looks for what is not there, too.
      Resource = "*"
    },
    {
      Sid      = "ReadPublishedNames"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:GetParameters"]
      Resource = [local.published_arn]
    },
  ])
}
