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

variable "release" {
  description = "Name of the service's release, which the app root installs and the load balancer is bound to."
  type        = string
  default     = "myapp"
  nullable    = false

  # The chart names its Service after the release where that has the chart's name in it.
  validation {
    condition     = can(regex("^[a-z](?:[a-z0-9-]*[a-z0-9])?$", var.release)) && strcontains(var.release, "myapp") && length(var.release) <= 53
    error_message = "release: must be at most 53 lower-case letters, digits and hyphens, begin with a letter, and have myapp in it, so that the Service is called the same"
  }
}

variable "database_ca_file" {
  description = "File with the certificates of the authorities of RDS in the region (PEM): the README says where AWS publishes it."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.database_ca_file)
    error_message = "database_ca_file: there is no ${abspath(var.database_ca_file)}; fetch it from https://truststore.pki.rds.amazonaws.com/${var.region}/${var.region}-bundle.pem"
  }
  validation {
    condition     = try(strcontains(file(var.database_ca_file), "-----BEGIN CERTIFICATE-----"), !fileexists(var.database_ca_file))
    error_message = "database_ca_file: ${abspath(var.database_ca_file)} holds no certificate (PEM)"
  }
  validation {
    condition     = try(!strcontains(file(var.database_ca_file), "PRIVATE KEY"), true)
    error_message = "database_ca_file: ${abspath(var.database_ca_file)} holds a private key, which would be published; give the certificates alone"
  }
}
