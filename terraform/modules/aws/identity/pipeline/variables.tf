variable "name" {
  description = "Beginning of the roles' names, and of the names of everything that they may change; the name that the other roots are given."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z](?:-?[a-z0-9])*$", var.name)) && length(var.name) <= 24
    error_message = "name: must be at most 24 lower-case letters, digits and single hyphens, and begin with a letter"
  }
}

variable "tags" {
  description = "Tags of everything made here, beside those of the provider."
  type        = map(string)
  default     = {}
  nullable    = false
}

# Which workflow gets which role.

variable "oidc_provider_arn" {
  description = "ARN of the provider of GitHub's tokens in IAM (token.actions.githubusercontent.com); an account has one."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn: must be arn:aws:iam::ACCOUNT:oidc-provider/token.actions.githubusercontent.com"
  }
}

variable "github_repository" {
  description = "The repository whose workflows get the roles, as OWNER/NAME."
  type        = string
  nullable    = false

  # A pattern would let in repositories of others.
  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository: must be OWNER/NAME, one repository and not a pattern"
  }
}

variable "branch" {
  description = "The branch whose workflows may plan, beside those of pull requests."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.branch))
    error_message = "branch: must be the name of one branch, without a pattern"
  }
}

variable "apply_environment" {
  description = "The environment of GitHub in which infrastructure is applied. Whoever must approve is set there: Settings, Environments, required reviewers."
  type        = string
  default     = "infrastructure"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.apply_environment))
    error_message = "apply_environment: must be the name of one environment of GitHub, without spaces or a pattern"
  }
}

variable "deploy_environment" {
  description = "The environment of GitHub in which the service is deployed."
  type        = string
  default     = "production"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.deploy_environment))
    error_message = "deploy_environment: must be the name of one environment of GitHub, without spaces or a pattern"
  }
  validation {
    condition     = var.deploy_environment != var.apply_environment
    error_message = "deploy_environment: must differ from apply_environment, or who approves a deploy approves changes of the infrastructure"
  }
}

# Where the state is.

variable "state_bucket_arn" {
  description = "ARN of the bucket with the states of all roots, each an object ROOT.tfstate."
  type        = string
  nullable    = false
}

variable "state_kms_key_arn" {
  description = "ARN of the key that the states are encrypted with."
  type        = string
  nullable    = false
}

# What a deploy needs.

variable "image_repository" {
  description = "Name of the repository in ECR that the service's images are pushed to."
  type        = string
  nullable    = false
}
