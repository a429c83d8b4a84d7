# Where states are kept, and what the other roots are told.

mock_provider "aws" {
  source          = "../../../modules/aws/mocks"
  override_during = plan
}

variables {
  name              = "shop"
  region            = "eu-central-1"
  github_repository = "example/shop"
}

run "states_are_versioned_encrypted_and_private" {
  command = plan

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
    error_message = "an earlier state must be there to go back to"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms" && one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).kms_master_key_id == aws_kms_key.state.arn
    error_message = "states must be encrypted with the key that the roles are given"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.state.block_public_acls && aws_s3_bucket_public_access_block.state.block_public_policy && aws_s3_bucket_public_access_block.state.ignore_public_acls && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    error_message = "no one outside may reach a state"
  }
  assert {
    condition     = [for statement in jsondecode(aws_s3_bucket_policy.state.policy).Statement : [statement.Effect, statement.Condition.Bool["aws:SecureTransport"]]] == [["Deny", "false"]]
    error_message = "a state must not travel without TLS"
  }
  assert {
    condition     = aws_s3_bucket.state.force_destroy != true
    error_message = "a bucket with states in it must not be destroyed"
  }
}

run "the_bucket_is_not_one_that_the_apply_role_may_change" {
  command = plan

  assert {
    condition     = aws_s3_bucket.state.bucket == "state-shop-123456789012" && !startswith(aws_s3_bucket.state.bucket, "shop-")
    error_message = "the apply role may change every bucket that begins with the name"
  }
}

run "the_other_roots_lock_in_the_bucket" {
  command = plan

  # The other roots say so in their own files, since a backend takes no variables.
  assert {
    condition = alltrue([for root, text in {
      bootstrap = output.own_backend
      infra     = file("../infra/versions.tf")
      platform  = file("../platform/versions.tf")
      app       = file("../app/versions.tf")
    } : strcontains(text, "use_lockfile = true") && can(regex("key +=\\s\"${root}\\.tfstate\"", text))])
    error_message = "each root must have a state of its own, and lock it"
  }
}

run "only_names_are_published" {
  command = plan

  assert {
    condition     = nonsensitive(jsondecode(aws_ssm_parameter.published.value)) == { pipeline_role_arns = output.pipeline_role_arns } && aws_ssm_parameter.published.type == "String"
    error_message = "published: ${nonsensitive(aws_ssm_parameter.published.value)}"
  }
  assert {
    condition     = keys(output.pipeline_role_arns) == ["apply", "deploy", "plan"]
    error_message = "the pipelines need all three"
  }
}

run "an_accounts_own_provider_is_taken" {
  command = plan

  variables {
    github_oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "an account can have one provider of GitHub's tokens only"
  }
}

run "one_is_made_where_there_is_none" {
  command = plan

  assert {
    condition     = aws_iam_openid_connect_provider.github[0].url == "https://token.actions.githubusercontent.com" && contains(aws_iam_openid_connect_provider.github[0].client_id_list, "sts.amazonaws.com")
    error_message = "the provider must be GitHub's, for AWS alone"
  }
}
