# Who gets the role, and what it may do: exactly what was asked for.

mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name            = "shop"
  identity_mode   = "pod_identity"
  cluster_name    = "shop"
  cluster_arn     = "arn:aws:eks:eu-central-1:123456789012:cluster/shop"
  namespace       = "shop"
  service_account = "myapp"
}

run "pod_identity_hands_it_to_one_service_account_of_one_cluster" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = {
        StringEquals = {
          "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:eu-central-1:123456789012:cluster/shop"
          "aws:RequestTag/kubernetes-namespace"       = "shop"
          "aws:RequestTag/kubernetes-service-account" = "myapp"
        }
      }
    }]
    error_message = "trust: ${aws_iam_role.this.assume_role_policy}"
  }
  assert {
    condition     = [aws_eks_pod_identity_association.this[0].namespace, aws_eks_pod_identity_association.this[0].service_account, aws_eks_pod_identity_association.this[0].role_arn] == ["shop", "myapp", aws_iam_role.this.arn]
    error_message = "the cluster must know of it"
  }
  assert {
    condition     = length(output.service_account_annotations) == 0
    error_message = "Pod Identity needs no annotation"
  }
}

run "irsa_hands_it_to_one_service_account_of_one_cluster" {
  command = plan

  variables {
    identity_mode     = "irsa"
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF"
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF" }
      Action    = ["sts:AssumeRoleWithWebIdentity"]
      Condition = {
        StringEquals = {
          "oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF:aud" = "sts.amazonaws.com"
          "oidc.eks.eu-central-1.amazonaws.com/id/ABCDEF:sub" = "system:serviceaccount:shop:myapp"
        }
      }
    }]
    error_message = "trust: ${aws_iam_role.this.assume_role_policy}"
  }
  assert {
    condition     = length(aws_eks_pod_identity_association.this) == 0 && output.service_account_annotations["eks.amazonaws.com/role-arn"] == aws_iam_role.this.arn
    error_message = "with irsa the annotation takes the association's place"
  }
}

run "what_was_not_asked_for_is_not_allowed" {
  command = plan

  assert {
    condition     = length(aws_iam_role_policy.this) == 0
    error_message = "a role without permissions must have no policy"
  }
}

run "the_service_may_log_in_and_nothing_else" {
  command = plan

  variables {
    database_user_arns = ["arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-ABC/myapp"]
    cache_arns         = ["arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:shop", "arn:aws:elasticache:eu-central-1:123456789012:user:shop-app"]
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this[0].policy).Statement == [
      {
        Sid      = "LogInToDatabase"
        Effect   = "Allow"
        Action   = ["rds-db:connect"]
        Resource = ["arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-ABC/myapp"]
      },
      {
        Sid      = "ConnectToCache"
        Effect   = "Allow"
        Action   = ["elasticache:Connect"]
        Resource = ["arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:shop", "arn:aws:elasticache:eu-central-1:123456789012:user:shop-app"]
      },
    ]
    error_message = "permissions: ${aws_iam_role_policy.this[0].policy}"
  }
}

run "secrets_are_read_by_name_and_decrypted_through_secrets_manager_only" {
  command = plan

  variables {
    secret_arns         = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf"]
    secret_kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/1111"]
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this[0].policy).Statement == [
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
        Resource = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf"]
      },
      {
        Sid       = "DecryptSecrets"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = ["arn:aws:kms:eu-central-1:123456789012:key/1111"]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.eu-central-1.amazonaws.com" } }
      },
    ]
    error_message = "permissions: ${aws_iam_role_policy.this[0].policy}"
  }
}

run "pods_are_registered_in_named_target_groups_only" {
  command = plan

  variables {
    target_group_arns = ["arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0123456789abcdef"]
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement : statement.Resource if statement.Sid == "RegisterPods"] == [["arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0123456789abcdef"]]
    error_message = "permissions: ${aws_iam_role_policy.this[0].policy}"
  }
  assert {
    condition     = alltrue(flatten([for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement : [for action in statement.Action : can(regex(":Describe", action))] if contains(statement.Resource, "*")]))
    error_message = "on everything it may look and do nothing"
  }
}
