# A part of the module edge, which checks what is given here.

variable "name" {
  description = "Name of the web ACL."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags of everything made here, beside its Name."
  type        = map(string)
  nullable    = false
}

variable "scope" {
  description = "REGIONAL for a load balancer, CLOUDFRONT for a distribution. The provider must then be of us-east-1."
  type        = string
  nullable    = false
}

variable "rate_limit" {
  description = "Requests that one client address may make in five minutes."
  type        = number
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  nullable    = false
}
