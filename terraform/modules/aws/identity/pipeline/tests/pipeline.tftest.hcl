# Who gets which role, and what none of them may do.

mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name              = "shop"
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  github_repository = "example/shop"
  state_bucket_arn  = "arn:aws:s3:::state-of-shop"
  state_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222"
  image_repository  = "shop"
}

run "each_role_is_for_its_jobs_of_one_repository" {
  command = plan

  assert {
    condition = { for name, role in aws_iam_role.this : name => jsondecode(role.assume_role_policy).Statement[0].Condition } == {
      plan = { StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = ["repo:example/shop:pull_request", "repo:example/shop:ref:refs/heads/main"]
      } }
      apply = { StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = ["repo:example/shop:environment:infrastructure"]
      } }
      deploy = { StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = ["repo:example/shop:environment:production"]
      } }
    }
    error_message = "trust: ${jsonencode({ for name, role in aws_iam_role.this : name => role.assume_role_policy })}"
  }
  assert {
    condition = alltrue([for role in aws_iam_role.this : [for statement in jsondecode(role.assume_role_policy).Statement : [statement.Effect, statement.Action, statement.Principal.Federated]] == [
      ["Allow", "sts:AssumeRoleWithWebIdentity", "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"]
    ]])
    error_message = "GitHub's tokens must be the only way to a role"
  }
}

run "no_role_reads_a_secret" {
  command = plan

  assert {
    condition = alltrue([for policy in aws_iam_role_policy.this : contains(
      [for statement in jsondecode(policy.policy).Statement : jsonencode(statement) if statement.Effect == "Deny"],
      jsonencode({ Action = ["secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"], Effect = "Deny", Resource = "*", Sid = "NoSecretValue" }),
    )])
    error_message = "values of secrets must be denied to every role, everywhere"
  }
  assert {
    condition = alltrue([for policy in aws_iam_role_policy.this : contains(
      flatten([for statement in jsondecode(policy.policy).Statement : statement.Action if statement.Effect == "Deny" && try(statement.NotResource, []) == ["arn:aws:ssm:eu-central-1:123456789012:parameter/shop/*"]]),
      "ssm:GetParameter",
    )])
    error_message = "parameters other than the published names must be denied"
  }
  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.this : length(setsubtract(["rds-db:connect", "elasticache:Connect"], flatten([for statement in jsondecode(policy.policy).Statement : statement.Action if statement.Effect == "Deny" && try(statement.Resource, "") == "*"]))) == 0])
    error_message = "no pipeline may log in to the data"
  }
}

run "plan_and_deploy_decrypt_nothing_but_the_state" {
  command = plan

  assert {
    condition = alltrue([for name in ["plan", "deploy"] : contains(
      [for statement in jsondecode(aws_iam_role_policy.this[name].policy).Statement : jsonencode(statement)],
      jsonencode({ Action = ["kms:Decrypt", "kms:ReEncryptFrom"], Effect = "Deny", NotResource = ["arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222"], Sid = "NoDecryptionButOfTheState" }),
    )])
    error_message = "decryption must be denied but for the state's key, without a condition"
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.this["apply"].policy).Statement[length(jsondecode(aws_iam_role_policy.this["apply"].policy).Statement) - 1].Condition == { StringNotEqualsIfExists = {
      "kms:ViaService" = [for service in ["ec2", "ecr", "eks", "elasticache", "logs", "rds", "secretsmanager"] : "${service}.eu-central-1.amazonaws.com"]
    } }
    error_message = "an apply may have services decrypt for it, and never does so itself"
  }
}

run "the_plan_role_changes_nothing_but_locks" {
  command = plan

  # Looking, in the words that AWS has for it; GenerateDataKey encrypts the lock.
  assert {
    condition = [for action in flatten([for statement in jsondecode(aws_iam_role_policy.this["plan"].policy).Statement : statement.Action if statement.Effect == "Allow" && statement.Sid != "LockState" && statement.Sid != "EncryptState"]) :
    action if !can(regex("^[a-z0-9-]+:(Describe|Get|List)", action))] == []
    error_message = "the plan role may look only"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["plan"].policy).Statement : statement.Resource if statement.Sid == "LockState"] == [["arn:aws:s3:::state-of-shop/infra.tfstate.tflock"]]
    error_message = "what it writes must be the lock alone"
  }
  # Object reads would be data: only the state may be read.
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["plan"].policy).Statement : statement.Sid if statement.Effect == "Allow" && contains(flatten([statement.Action]), "s3:GetObject")] == ["ReadState", "LockState"]
    error_message = "no other object may be read"
  }
}

run "no_role_takes_or_changes_a_pipeline_role" {
  command = plan

  assert {
    condition = alltrue([for policy in aws_iam_role_policy.this : length(setsubtract(
      ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:PassRole", "sts:AssumeRole"],
      flatten([for statement in jsondecode(policy.policy).Statement : statement.Action if statement.Effect == "Deny" && try(statement.Resource, "") == "arn:aws:iam::123456789012:role/shop-pipeline-*"]),
    )) == 0])
    error_message = "a pipeline that may change its own role may do anything"
  }
}

run "each_role_has_its_own_states" {
  command = plan

  assert {
    condition = { for name, policy in aws_iam_role_policy.this : name => flatten([for statement in jsondecode(policy.policy).Statement : statement.Resource if statement.Sid == "WriteState"]) } == {
      plan   = []
      apply  = ["arn:aws:s3:::state-of-shop/infra.tfstate", "arn:aws:s3:::state-of-shop/platform.tfstate"]
      deploy = ["arn:aws:s3:::state-of-shop/app.tfstate"]
    }
    error_message = "who deploys the service must not write the state of the infrastructure, and nobody that of the bootstrap"
  }
}

run "a_deploy_pushes_to_its_own_repository_and_finds_its_own_cluster" {
  command = plan

  assert {
    condition     = { for statement in jsondecode(aws_iam_role_policy.this["deploy"].policy).Statement : statement.Sid => statement.Resource if contains(["PushImage", "FindCluster"], statement.Sid) } == { FindCluster = ["arn:aws:eks:eu-central-1:123456789012:cluster/shop"], PushImage = ["arn:aws:ecr:eu-central-1:123456789012:repository/shop"] }
    error_message = "policy: ${aws_iam_role_policy.this["deploy"].policy}"
  }
}

run "the_policies_are_short_enough_for_iam" {
  command = plan

  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.this : length(policy.policy) <= 10240])
    error_message = "lengths: ${jsonencode({ for name, policy in aws_iam_role_policy.this : name => length(policy.policy) })}"
  }
}
