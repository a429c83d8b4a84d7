# What an account has before the infra root is applied: what the bootstrap root publishes, a zone, and a secret that someone else made.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "name" {
  type = string
}

variable "database_password" {
  type      = string
  ephemeral = true
}

data "aws_caller_identity" "current" {}

locals {
  roles = { for role in ["plan", "apply", "deploy"] : role => "arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/${var.name}-${role}" }
}

resource "aws_ssm_parameter" "bootstrap" {
  name  = "/${var.name}/bootstrap"
  type  = "String"
  value = jsonencode({ pipeline_role_arns = local.roles })
}

resource "aws_route53_zone" "zone" {
  name = "example.com"
}

resource "aws_secretsmanager_secret" "database" {
  name                    = "${var.name}/database"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "database" {
  secret_id                = aws_secretsmanager_secret.database.id
  secret_string_wo         = var.database_password
  secret_string_wo_version = 1
}

output "zone_id" {
  value = aws_route53_zone.zone.zone_id
}

output "secret_arn" {
  value = aws_secretsmanager_secret.database.arn
}

output "administrator" {
  value = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/administrators"
}
