# What mocked AWS answers in the tests of these modules and envs. The values are plausible, so that what is built from them can
# be compared as a whole; override_during = plan makes them known in plans, too.

mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
    arn        = "arn:aws:iam::123456789012:user/tester"
  }
}

mock_data "aws_partition" {
  defaults = {
    partition  = "aws"
    dns_suffix = "amazonaws.com"
  }
}

mock_data "aws_region" {
  defaults = {
    name = "eu-central-1"
  }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"
    key_id = "11111111-1111-1111-1111-111111111111"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/mocked"
  }
}

mock_resource "aws_security_group" {
  defaults = {
    id  = "sg-0aaaaaaaaaaaaaaaa"
    arn = "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0aaaaaaaaaaaaaaaa"
  }
}

mock_resource "aws_db_instance" {
  defaults = {
    address     = "shop.c0ffee.eu-central-1.rds.amazonaws.com"
    resource_id = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    master_user_secret = [{
      kms_key_id    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111"
      secret_arn    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf"
      secret_status = "active"
    }]
  }
}

mock_resource "aws_elasticache_replication_group" {
  defaults = {
    arn                      = "arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:shop"
    primary_endpoint_address = "master.shop.c0ffee.euc1.cache.amazonaws.com"
    reader_endpoint_address  = "replica.shop.c0ffee.euc1.cache.amazonaws.com"
  }
}

mock_resource "aws_elasticache_user" {
  defaults = {
    arn = "arn:aws:elasticache:eu-central-1:123456789012:user:shop-app"
  }
}

mock_resource "aws_iam_openid_connect_provider" {
  defaults = {
    arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:eu-central-1:123456789012:repository/shop"
    repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"
  }
}

mock_data "aws_eks_cluster" {
  defaults = {
    status   = "ACTIVE"
    endpoint = "https://127.0.0.1:1"
    # "none", in base64.
    certificate_authority = [{ data = "bm9uZQ==" }]
  }
}

mock_resource "aws_s3_bucket" {
  defaults = {
    id  = "state-shop-123456789012"
    arn = "arn:aws:s3:::state-shop-123456789012"
  }
}
