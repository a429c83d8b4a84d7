# Whoever is not in the group does not come in: with a group of Valkey there is no default user (with one of Redis there must be).
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html

locals {
  user = coalesce(var.user, "${var.name}-app")

  # Exactly the commands that the service sends, on its own keys only: apps/myapp/tests/it/cache.rs runs the service as such a user.
  # AUTH needs no permission. Not in the form that ACL LIST prints, which ElastiCache has not been seen to return.
  commands      = ["get", "select", "set", "time", "xadd", "xread"]
  access_string = "on ~${var.key_prefix}* -@all ${join(" ", [for command in local.commands : "+${command}"])}"
}

resource "aws_elasticache_user" "app" {
  # IAM authentication wants both to be the same.
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
  user_id   = local.user
  user_name = local.user
  engine    = "valkey"
  tags      = var.tags

  access_string = local.access_string

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
