variable "name" {
  description = "Name of the whole, such as myapp-production: all roots are given the same one, and everything they make begins with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z](?:-?[a-z0-9])+$", var.name)) && length(var.name) <= 24
    error_message = "name: must be 2 to 24 lower-case letters, digits and single hyphens, and begin with a letter"
  }
}

variable "region" {
  description = "Region of AWS, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(?:-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: must be a region of AWS such as eu-central-1"
  }
}

variable "github_repository" {
  description = "The repository whose workflows plan, apply and deploy, as OWNER/NAME."
  type        = string
  nullable    = false
}

variable "apply_environment" {
  description = "The environment of GitHub in which infrastructure is applied; its required reviewers approve."
  type        = string
  default     = "infrastructure"
  nullable    = false
}

variable "deploy_environment" {
  description = "The environment of GitHub in which the service is deployed; its required reviewers approve."
  type        = string
  default     = "production"
  nullable    = false
}

variable "github_oidc_provider_arn" {
  description = "ARN of the provider of GitHub's tokens where the account has one already: it can have one only. Null: made here."
  type        = string
  default     = null
}
