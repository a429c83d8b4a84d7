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

variable "image_digest" {
  description = "The image to run, by content (sha256:…), as it was pushed to the repository that the infra root made."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest: must be sha256: and 64 lower-case hexadecimal digits, as the release's published.json has it; a tag does not say what runs"
  }
}

variable "autoscaling" {
  description = "The autoscaler: how few and how many pods there may be, and what share of the CPU that they request they should take. null for a fixed number."
  type = object({
    min_replicas = optional(number, 3)
    # Each pod may hold 50 sessions of the database, and a rollout has one pod more.
    max_replicas = optional(number, 6)
    cpu_percent  = optional(number, 80)
  })
  default = {}
}

variable "replicas" {
  description = "Number of pods, spread over the zones, where autoscaling is null."
  type        = number
  default     = 3
  nullable    = false
}

variable "log_level" {
  description = "LOG_LEVEL of the service."
  type        = string
  default     = "error"
  nullable    = false
}

variable "myapp_secret_key" {
  description = "Secret Key for MyApp"
  type        = string
  nullable    = false
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.myapp_secret_key != ""
    error_message = "The secret key is empty: set TF_VAR_myapp_secret_key in the one step that needs it (openssl rand -hex 32 makes one)."
  }
}
