variable "name" {
  description = "Name of the role; each role in an account needs its own."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.name))
    error_message = "name: must be at most 64 letters, digits and _+=,.@-, as names of IAM roles"
  }
}

variable "tags" {
  description = "Tags of everything made here, beside those of the provider."
  type        = map(string)
  default     = {}
  nullable    = false
}

# Whose role it is.

variable "identity_mode" {
  description = "How pods get the role: pod_identity, from the agent of EKS on their node; or irsa, with a token that the cluster signs. As the cluster says."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["pod_identity", "irsa"], var.identity_mode)
    error_message = "identity_mode: must be pod_identity or irsa"
  }
}

variable "cluster_name" {
  description = "Name of the EKS cluster."
  type        = string
  nullable    = false
}

variable "cluster_arn" {
  description = "ARN of the EKS cluster; no other cluster may hand the role out."
  type        = string
  nullable    = false
}

variable "oidc_provider_arn" {
  description = "ARN of the cluster's OIDC provider in IAM; for irsa only."
  type        = string
  default     = null

  validation {
    condition     = var.identity_mode != "irsa" || var.oidc_provider_arn != null
    error_message = "oidc_provider_arn: identity_mode = irsa needs the cluster's OIDC provider, whose tokens the role is given for"
  }
}

variable "namespace" {
  description = "Namespace of the service account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", var.namespace)) && length(var.namespace) <= 63
    error_message = "namespace: must be at most 63 lower-case letters, digits and hyphens; one namespace, not a pattern"
  }
}

variable "service_account" {
  description = "Name of the service account whose pods get the role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$", var.service_account)) && length(var.service_account) <= 253
    error_message = "service_account: must be at most 253 lower-case letters, digits, hyphens and dots; one account, not a pattern"
  }
}

# What it may do: nothing but what is listed here.

variable "database_user_arns" {
  description = "Users of databases that it may log in as with a token (arn:…:rds-db:…:dbuser:RESOURCE/USER)."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.database_user_arns : can(regex("^arn:[a-z-]+:rds-db:[a-z0-9-]+:[0-9]{12}:dbuser:[a-zA-Z0-9-]+/[a-z0-9_]+$", arn))])
    error_message = "database_user_arns: each must name one user of one instance, arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE/USER, without a wildcard"
  }
}

variable "cache_arns" {
  description = "Caches, and users of them, that it may connect to with a token (arn:…:elasticache:…); ElastiCache wants both."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.cache_arns : can(regex("^arn:[a-z-]+:elasticache:[a-z0-9-]+:[0-9]{12}:(replicationgroup|user):[a-z0-9-]+$", arn))])
    error_message = "cache_arns: each must name one replication group or one user, arn:aws:elasticache:REGION:ACCOUNT:user:NAME, without a wildcard"
  }
}

variable "secret_arns" {
  description = "Secrets of Secrets Manager that it may read."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+$", arn))])
    error_message = "secret_arns: each must name one secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX, without a wildcard"
  }
}

variable "secret_kms_key_arns" {
  description = "Keys that those secrets are encrypted with, where it is not the account's own key of Secrets Manager. Used through Secrets Manager only."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secret_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+$", arn))])
    error_message = "secret_kms_key_arns: each must name one key, arn:aws:kms:REGION:ACCOUNT:key/ID, without a wildcard"
  }
  validation {
    condition     = length(var.secret_kms_key_arns) == 0 || length(var.secret_arns) > 0
    error_message = "secret_kms_key_arns: given without secret_arns, so there is nothing to decrypt"
  }
}

variable "target_group_arns" {
  description = "Target groups of load balancers in which it may register and deregister pods. Looking at load balancers comes with them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.target_group_arns : can(regex("^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup/[A-Za-z0-9-]+/[a-z0-9]+$", arn))])
    error_message = "target_group_arns: each must name one target group, arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID, without a wildcard"
  }
}
