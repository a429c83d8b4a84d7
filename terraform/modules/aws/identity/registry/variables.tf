variable "name" {
  description = "Name of the repository; each one in a region needs its own."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+(?:[._/-][a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 256
    error_message = "name: must be 2 to 256 lower-case letters and digits, with single . _ - / between them, as repositories of ECR"
  }
}

variable "tags" {
  description = "Tags of everything made here, beside those of the provider."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "production" {
  description = "Whether images would be missed. If not, a destroy deletes the repository with all of them."
  type        = bool
  default     = true
  nullable    = false
}

variable "keep_images" {
  description = "How many tagged images are kept, the newest; a rollback can go no further back."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.keep_images >= 5 && floor(var.keep_images) == var.keep_images
    error_message = "keep_images: must be a whole number from 5, or a rollback finds no image"
  }
}

variable "untagged_days" {
  description = "Days after which an image that no tag names is deleted."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.untagged_days >= 1 && floor(var.untagged_days) == var.untagged_days
    error_message = "untagged_days: must be a whole number from 1"
  }
}
