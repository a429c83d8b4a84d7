# Whoever is not in the group does not come in: with a group of Valkey there is no default user (with one of Redis there must be).
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html

locals {
  user = coalesce(var.user, "${var.name}-app")
}

resource "aws_elasticache_user" "app" {
  # IAM authentication wants both to be the same.
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
  user_id   = local.user
  user_name = local.user
  engine    = "valkey"
  tags      = var.tags

  # All data, and none of the commands that administer the server or empty it.
  access_string = "on ~* &* +@all -@admin -@dangerous"

  authentication_mode {
    type = "iam"
  }
}

resource "aws_elasticache_user_group" "this" {
  user_group_id = "${var.name}-users"
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.app.user_id]
  tags          = var.tags
}
